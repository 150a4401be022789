using System.Net;
using System.Text;
using System.Text.Json;
using MailCloud.Blobs;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

/// <summary>Long work as jobs: begun, looked at, cancelled; each by whom it may be.</summary>
[Collection(nameof(WebServer))]
public sealed class JobsTests(WebServer server)
{
    private const string Scram = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    private const string Secret = "kept-nowhere-in-clear";

    [Fact]
    public async Task A_check_is_begun_looked_at_and_listed()
    {
        using var content = new StringContent("""{"kind":"verify"}""", Encoding.UTF8, "application/json");
        using var answer = await server.Admin.PostAsync("/admin/v1/jobs", content);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        using var begun = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var id = Text(begun.RootElement, "id");
        Assert.Equal($"/admin/v1/jobs/{id}", answer.Headers.Location!.OriginalString);
        Assert.Equal(("verify", "root", false), (Text(begun.RootElement, "kind"), Text(begun.RootElement, "by"), begun.RootElement.GetProperty("awaitsInput").GetBoolean()));

        var ended = await UntilEndedAsync(id);
        Assert.Equal("done", Text(ended, "state"));
        Assert.True(ended.GetProperty("progress").GetProperty("counts").GetProperty("journals").GetInt32() > 0);
        Assert.True(ended.GetProperty("progress").GetProperty("done").GetInt32() > 0);
        Assert.Equal(JsonValueKind.Null, ended.GetProperty("progress").GetProperty("total").ValueKind);
        var (_, second) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"sweep","grace":1000000}""");
        Assert.Equal("done", Text(await UntilEndedAsync(Text(second, "id")), "state"));
        Assert.Equal([Text(second, "id"), id], (await ListAsync("/admin/v1/jobs?limit=1")).Where(job => job == id || job == Text(second, "id")));
        var (_, cancelled) = await server.SendAsync(HttpMethod.Post, $"/admin/v1/jobs/{id}/cancel");
        Assert.Equal("done", Text(cancelled, "state"));
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(id, "a@example.test,x\n")).Status);
    }

    [Fact]
    public async Task An_import_is_sent_worked_off_and_stores_no_password()
    {
        await TenantAsync("job-import");
        var id = await BeginAsync("""{"kind":"import-accounts","tenant":"job-import"}""");
        var csv = $"address,password\nann@job-import.test,{Secret}\n\nben@job-import.test,{Scram}\nnonsense\ncid@job-import.test,qwzx7\ndan@example.test,a very long secret\n";
        var (status, given) = await PutAsync(id, csv);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(5, given.GetProperty("progress").GetProperty("total").GetInt32());
        var ended = await UntilEndedAsync(id);
        Assert.Equal(("done", "2 accounts imported, 3 lines failed"), (Text(ended, "state"), Text(ended, "why")));
        var (_, page) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/jobs/{id}/records");
        var records = page.GetProperty("records").EnumerateArray().ToList();
        Assert.Equal([(5, ""), (6, "cid@job-import.test"), (7, "dan@example.test")], records.Select(r => (r.GetProperty("line").GetInt32(), Text(r, "subject"))));
        Assert.Equal("example.test is not hosted here: add it to a tenant first", Text(records[2], "text"));
        Assert.DoesNotContain("qwzx7", Text(records[1], "text"), StringComparison.Ordinal);
        Assert.True(Verifiers.Verify(Secret, (await AddressAsync("ann@job-import.test"))!.Verifier!));

        // Sent again nothing changes, though a new hash would have another salt.
        var again = await BeginAsync("""{"kind":"import-accounts","tenant":"job-import"}""");
        await PutAsync(again, csv);
        Assert.Equal(2, (await UntilEndedAsync(again)).GetProperty("progress").GetProperty("counts").GetProperty("unchanged").GetInt32());
        await UntilNoInputAsync("job-import");

        // Neither in what is stored nor in what was deleted of it.
        foreach (var file in Directory.EnumerateFiles(server.Directory, "mailcloud.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var octets = new MemoryStream();
            await stream.CopyToAsync(octets);
            Assert.True(octets.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0, file);
        }
    }

    [Fact]
    public async Task A_tenants_administrator_has_imports_of_its_own_tenant_and_nothing_else()
    {
        await TenantAsync("job-own");
        var token = await TokenAsync("""{"role":"tenant","tenant":"job-own","name":"own"}""");
        var (status, job) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"import-accounts"}""", token);
        Assert.Equal((HttpStatusCode.Accepted, "job-own"), (status, Text(job, "tenant")));
        var id = Text(job, "id");
        await PutAsync(id, $"ann@job-own.test,{Scram}\nbob@example.test,{Scram}\n", token);
        var ended = await UntilEndedAsync(id, token);
        Assert.Equal("1 accounts imported, 1 lines failed", Text(ended, "why"));
        Assert.Null(await AddressAsync("bob@example.test"));
        Assert.Equal([id], await ListAsync("/admin/v1/jobs", token));
        Assert.Contains(id, await ListAsync("/admin/v1/jobs?tenant=job-own"));

        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"verify"}""", token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"import-accounts","tenant":"demo"}""", token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, $"/admin/v1/jobs/{await BeginAsync("""{"kind":"verify"}""")}", token: token)).Status);
        var helper = await TokenAsync("""{"role":"help-desk","tenant":"job-own","name":"helper"}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Get, $"/admin/v1/jobs/{id}", token: helper)).Status);
    }

    [Fact]
    public async Task An_import_that_waits_for_its_input_is_cancelled()
    {
        var id = await BeginAsync("""{"kind":"import-accounts"}""");
        var (_, job) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/jobs/{id}");
        Assert.Equal(("queued", true), (Text(job, "state"), job.GetProperty("awaitsInput").GetBoolean()));
        var (_, cancelled) = await server.SendAsync(HttpMethod.Post, $"/admin/v1/jobs/{id}/cancel");
        Assert.Equal(("cancelled", "cancelled by root"), (Text(cancelled, "state"), Text(cancelled, "why")));
        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(id, "")).Status);
    }

    [Fact]
    public async Task A_backup_is_taken_and_listed_and_a_mailbox_restored_from_it_by_whom_it_may()
    {
        await TenantAsync("job-lost");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/ann@job-lost.test", """{"password":"a long secret"}""");
        Assert.Equal("done", Text(await UntilEndedAsync(await BeginAsync("""{"kind":"backup"}""")), "state"));
        var (_, list) = await server.SendAsync(HttpMethod.Get, "/admin/v1/backups");
        var name = Text(list.GetProperty("backups").EnumerateArray().Last(), "name");
        Assert.Equal("done", Text(await UntilEndedAsync(await BeginAsync($$"""{"kind":"check-backup","backup":"{{name}}"}""")), "state"));

        var token = await TokenAsync("""{"role":"tenant","tenant":"job-lost","name":"own"}""");
        var (status, job) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", $$"""{"kind":"restore-mailbox","address":"ann@job-lost.test","folder":"Back","backup":"{{name}}"}""", token);
        Assert.Equal((HttpStatusCode.Accepted, "job-lost", "ann@job-lost.test"), (status, Text(job, "tenant"), Text(job, "subject")));
        Assert.Equal("done", Text(await UntilEndedAsync(Text(job, "id"), token), "state"));

        // Another tenant's address, one that there is not, and what is the platform's.
        var (far, there) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"restore-mailbox","address":"postmaster@example.test"}""", token);
        var (_, never) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"restore-mailbox","address":"postmaster@never.test"}""", token);
        Assert.Equal(HttpStatusCode.NotFound, far);
        Assert.Equal(Text(never, "detail"), Text(there, "detail").Replace("example.test", "never.test", StringComparison.Ordinal));
        foreach (var kind in new[] { "backup", "check-backup", "restore-tenant" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", $$"""{"kind":"{{kind}}","tenant":"job-lost"}""", token)).Status);
        }

        var helper = await TokenAsync("""{"role":"help-desk","tenant":"job-lost","name":"helper"}""");
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", """{"kind":"restore-mailbox","address":"ann@job-lost.test"}""", helper)).Status);
        var refused = await UntilEndedAsync(await BeginAsync("""{"kind":"restore-tenant","tenant":"never"}"""));
        Assert.Equal(("failed", $"backup {name} has no tenant never"), (Text(refused, "state"), Text(refused, "why")));
    }

    [Theory]
    [InlineData("""{"kind":"backup"}""")]
    [InlineData("""{"kind":"restore-mailbox","address":"postmaster@example.test"}""")]
    public async Task Without_a_place_for_backups_the_option_is_named(string body)
    {
        var bare = new WebServer { HasBackups = false };
        await bare.InitializeAsync();
        try
        {
            var (status, problem) = await bare.SendAsync(HttpMethod.Post, "/admin/v1/jobs", body, WebServer.Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("Backup:Directory", Text(problem, "detail"), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bare.SendAsync(HttpMethod.Get, "/admin/v1/backups", token: WebServer.Token)).Status);
        }
        finally
        {
            await bare.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("""{"kind":"backup","tenant":"demo"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"verify","backup":"x"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"restore-mailbox"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"restore-mailbox","address":"nonsense"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"restore-mailbox","address":"never@example.test"}""", HttpStatusCode.NotFound)]
    [InlineData("""{"kind":"restore-tenant"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"restore-tenant","tenant":"demo","folder":"x"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"dance"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":7}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"tenant":"demo"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"verify","tenant":"demo"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"verify","grace":1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"sweep","grace":-1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"kind":"import-accounts","tenant":"nobody"}""", HttpStatusCode.NotFound)]
    public async Task What_is_no_job_is_refused(string body, HttpStatusCode expected) =>
        Assert.Equal(expected, (await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", body)).Status);

    [Theory]
    [InlineData("/admin/v1/jobs?after=x", HttpStatusCode.BadRequest)]
    [InlineData("/admin/v1/jobs?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/admin/v1/jobs?tenant=nobody", HttpStatusCode.NotFound)]
    [InlineData("/admin/v1/jobs/x", HttpStatusCode.NotFound)]
    [InlineData("/admin/v1/jobs/00000000000000000000000000000000/records", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_not_shown(string path, HttpStatusCode expected) => Assert.Equal(expected, (await server.SendAsync(HttpMethod.Get, path)).Status);

    // It is deleted after the job has ended: one that goes on needs it.
    private async Task UntilNoInputAsync(string tenant)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await server.Services.GetRequiredService<IMessageBlobs>().ListAsync($"{tenant}/job-input/", limit.Token).AnyAsync(limit.Token))
        {
            await Task.Yield();
        }
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;

    private async Task TenantAsync(string id)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", $$"""{"id":"{{id}}"}""");
        await server.SendAsync(HttpMethod.Post, $"/admin/v1/tenants/{id}/domains", $$"""{"domain":"{{id}}.test"}""");
    }

    private async Task<string> TokenAsync(string json) => Text((await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", json)).Body, "secret");

    private async Task<string> BeginAsync(string json)
    {
        var (status, job) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", json);
        Assert.Equal(HttpStatusCode.Accepted, status);
        return Text(job, "id");
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> PutAsync(string id, string csv, string? token = null) => server.SendAsync(HttpMethod.Put, $"/admin/v1/jobs/{id}/input", csv, token);

    private async Task<AddressRecord?> AddressAsync(string address) => await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(address).GetAsync();

    private async Task<List<string>> ListAsync(string path, string? token = null)
    {
        var ids = new List<string>();
        for (string? after = ""; after is not null;)
        {
            var (_, page) = await server.SendAsync(HttpMethod.Get, after.Length == 0 ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}after={after}", token: token);
            ids.AddRange(page.GetProperty("jobs").EnumerateArray().Select(job => Text(job, "id")));
            after = page.GetProperty("next").GetString();
        }

        return ids;
    }

    private async Task<JsonElement> UntilEndedAsync(string id, string? token = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var (_, job) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/jobs/{id}", token: token);
            if (job.GetProperty("endedAt").ValueKind != JsonValueKind.Null)
            {
                return job;
            }
        }
    }
}
