using System.Net.Http.Json;
using System.Text.Json;

namespace MailCloud.EndToEnd.Tests.Backups;

/// <summary>A job, begun by the admin API and waited for.</summary>
internal static class AdminJob
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <returns>The job as it ended.</returns>
    public static async Task<JsonElement> RunAsync(IAdministered server, object spec)
    {
        using var admin = server.Admin();
        using var limit = new CancellationTokenSource(Limit);
        using var begun = await admin.PostAsJsonAsync("/admin/v1/jobs", spec, limit.Token);
        Assert.True(begun.IsSuccessStatusCode, await begun.Content.ReadAsStringAsync(limit.Token));
        var job = await begun.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
        var path = $"/admin/v1/jobs/{job.GetProperty("id").GetString()}";
        while (job.GetProperty("state").GetString() is "queued" or "running")
        {
            await Task.Delay(LookEvery, limit.Token);
            job = await admin.GetFromJsonAsync<JsonElement>(path, limit.Token);
        }

        Assert.True(job.GetProperty("state").GetString() == "done", job.ToString());
        return job;
    }

    /// <summary>What it found; for a job of few records.</summary>
    public static async Task<IReadOnlyList<string>> RecordsAsync(IAdministered server, JsonElement job, string kind)
    {
        using var admin = server.Admin();
        var page = await admin.GetFromJsonAsync<JsonElement>($"/admin/v1/jobs/{job.GetProperty("id").GetString()}/records");
        return [.. page.GetProperty("records").EnumerateArray().Where(record => record.GetProperty("kind").GetString() == kind).Select(record => record.ToString())];
    }
}
