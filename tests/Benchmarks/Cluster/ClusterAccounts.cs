using System.Text;
using System.Text.Json;
using MailCloud.Credentials;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>
/// Accounts user0@example.test …, password "mailcloud", by the admin API. All have the same verifier, made here once: to make one of each password is 15,000 rounds of a hash, which is
/// what a login costs and no part of this.
/// </summary>
internal static class ClusterAccounts
{
    /// <summary>Lines of one request. Its answers, 80 octets a line, fit into what the connection buffers, so that they may be read when all lines are sent.</summary>
    private const int Batch = 200;

    private const int RequestsAtOnce = 8;

    public static async Task ImportAsync(HttpClient admin, int count, CancellationToken cancellationToken)
    {
        var verifier = Verifiers.Create("mailcloud");
        var options = new ParallelOptions { MaxDegreeOfParallelism = RequestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, count).Chunk(Batch), options, async (users, token) =>
        {
            var csv = string.Concat(users.Select(user => $"user{user}@example.test,{verifier}\n"));
            using var content = new StringContent(csv, Encoding.UTF8, "text/csv");
            using var reply = await admin.PostAsync(new Uri("/admin/v1/accounts/import", UriKind.Relative), content, token);
            Check(await reply.EnsureSuccessStatusCode().Content.ReadAsStringAsync(token), users.Length);
        });
    }

    private static void Check(string answer, int lines)
    {
        var results = answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (results.Length != lines || results.Any(HasError))
        {
            throw new UnexpectedAnswerException($"{results.Length} answers to {lines} lines of an import: {results.FirstOrDefault(HasError)}");
        }
    }

    private static bool HasError(string result)
    {
        using var json = JsonDocument.Parse(result);
        return json.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String;
    }
}
