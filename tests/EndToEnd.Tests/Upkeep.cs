using System.Text.Json;

namespace MailCloud.EndToEnd.Tests;

/// <summary>The operator's questions, through the admin API.</summary>
internal static class Upkeep
{
    /// <summary>Entries that wait in the delivery queue.</summary>
    public static async Task<long> QueueDepthAsync(ServerProcess server)
    {
        using var admin = server.Admin();
        using var answer = JsonDocument.Parse(await admin.GetStringAsync(new Uri("/admin/queue", UriKind.Relative)));
        return answer.RootElement.GetProperty("waiting").GetInt64();
    }

    /// <summary>One sweep over everything, however young.</summary>
    public static async Task SweepAsync(ServerProcess server) => await PostAsync(server, "/admin/sweep?grace=0");

    /// <summary>What verification found wrong; empty when nothing is.</summary>
    public static async Task<string> VerifyAsync(ServerProcess server) => string.Join('\n', (await PostAsync(server, "/admin/verify"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.Contains("\"summary\"", StringComparison.OrdinalIgnoreCase)));

    private static async Task<string> PostAsync(ServerProcess server, string path)
    {
        using var admin = server.Admin();
        using var response = await admin.PostAsync(new Uri(path, UriKind.Relative), null);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        Assert.Contains("summary", answer, StringComparison.OrdinalIgnoreCase);
        return answer;
    }
}
