using System.Text.Json;

namespace MailCloud.EndToEnd.Tests;

/// <summary>The operator's questions, through the admin API.</summary>
internal static class Upkeep
{
    /// <summary>Of a sweep or a verification after 50 cycles on an emulator of the storage.</summary>
    private static readonly TimeSpan WalkLimit = TimeSpan.FromMinutes(30);

    /// <summary>Entries that wait in the delivery queue.</summary>
    public static async Task<long> QueueDepthAsync(IAdministered server) => (await GetAsync(server, "/admin/v1/queue")).GetProperty("waiting").GetInt64();

    /// <summary>Entries that were set aside for an operator, each with the reason.</summary>
    public static async Task<IReadOnlyList<string>> ParkedAsync(IAdministered server) =>
        [.. (await GetAsync(server, "/admin/v1/queue/parked")).EnumerateArray().Select(entry => $"{entry.GetProperty("id").GetString()}: {entry.GetProperty("reason").GetString()}")];

    /// <summary>Whether anything waits in the spool; the first entries tell.</summary>
    public static async Task<bool> IsSpoolEmptyAsync(IAdministered server) => (await GetAsync(server, "/admin/v1/spool")).GetProperty("entries").GetArrayLength() == 0;

    /// <summary>Returns when nothing waits any more, neither in the queue nor in the spool: that it hands over is in one of them all the time.</summary>
    public static async Task UntilNothingWaitsAsync(IAdministered server, TimeSpan limit)
    {
        using var end = new CancellationTokenSource(limit);
        while (await QueueDepthAsync(server) > 0 || !await IsSpoolEmptyAsync(server))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), end.Token);
        }
    }

    /// <summary>One sweep over everything, however young.</summary>
    /// <returns>What it says that it did.</returns>
    public static Task<string> SweepAsync(IAdministered server) => PostAsync(server, "/admin/v1/sweep?grace=0");

    /// <summary>What verification found wrong; empty when nothing is.</summary>
    public static async Task<string> VerifyAsync(IAdministered server) => string.Join('\n', (await PostAsync(server, "/admin/v1/verify"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.Contains("\"summary\"", StringComparison.OrdinalIgnoreCase)));

    private static async Task<JsonElement> GetAsync(IAdministered server, string path)
    {
        using var admin = server.Admin();
        using var answer = JsonDocument.Parse(await admin.GetStringAsync(new Uri(path, UriKind.Relative)));
        return answer.RootElement.Clone();
    }

    // The answer to a long walk is a stream, which begins with the first that is found: a shorter time limit would be one for the size of the store.
    private static async Task<string> PostAsync(IAdministered server, string path)
    {
        using var limit = new CancellationTokenSource(WalkLimit);
        using var admin = server.Admin();
        admin.Timeout = Timeout.InfiniteTimeSpan;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        using var response = await admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        var answer = await response.Content.ReadAsStringAsync(limit.Token);
        Assert.True(response.IsSuccessStatusCode, answer);
        Assert.Contains("summary", answer, StringComparison.OrdinalIgnoreCase);
        return answer;
    }
}
