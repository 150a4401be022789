using System.CommandLine;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>account import FILE.csv</c>: one <c>address,password</c> or <c>address,{SCHEME}hash</c> per line. A bad line does not stop the rest; exit code 1 when there was one.</summary>
internal static class AccountImport
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var file = new Argument<FileInfo>("FILE.csv") { Description = "Lines of address,password; a password may be a hash with its {SCHEME}." }.AcceptExistingOnly();
        var tenant = new Option<string>("--tenant") { Description = "With --detach: the tenant whose domains' accounts they are; without it of all within reach." };
        var command = new Command("import", "Make accounts, or change their passwords, from a CSV file.") { file, Job.Detach, tenant };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => parsed.GetValue(Job.Detach)
            ? SendAsync(client, Output.Of(parsed), parsed.GetValue(file)!, parsed.GetValue(tenant), cancellationToken)
            : RunAsync(client, Output.Of(parsed), parsed.GetValue(file)!, cancellationToken));
        return command;
    }

    private static async Task<int> SendAsync(AdminClient client, Output output, FileInfo file, string? tenant, CancellationToken cancellationToken)
    {
        using var content = new StreamContent(file.OpenRead());
        content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        return await output.WaitAsync("sending", () => Job.BeginAsync(client, output, new { kind = "import-accounts", tenant }, content, cancellationToken));
    }

    private static async Task<int> RunAsync(AdminClient client, Output output, FileInfo file, CancellationToken cancellationToken)
    {
        var lines = File.ReadLines(file.FullName).Count(l => l.Length > 0);
        var results = ImportAsync(client, file, cancellationToken);
        var (done, failed) = await output.ProgressAsync("importing", lines, step => CountAsync(results, step));
        output.Say(new { imported = done, failed }, $"{Output.Counted(done, "account")} imported, {Output.Counted(failed, "line")} failed");
        return failed == 0 ? 0 : 1;
    }

    private static async IAsyncEnumerable<JsonElement> ImportAsync(AdminClient client, FileInfo file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = new BufferedStream(file.OpenRead());
        foreach (var (firstLine, octets) in ImportBatches.Read(stream))
        {
            using var content = new ReadOnlyMemoryContent(octets);
            content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
            await foreach (var result in client.PostAsync($"/admin/v1/accounts/import?firstLine={firstLine}", content, cancellationToken))
            {
                yield return result;
            }
        }
    }

    private static async Task<(int Done, int Failed)> CountAsync(IAsyncEnumerable<JsonElement> results, Action step)
    {
        var (done, failed) = (0, 0);
        await foreach (var result in results)
        {
            step();
            if (result.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String)
            {
                failed++;
                await Console.Error.WriteLineAsync($"line {result.GetProperty("line").GetInt32()}: {error.GetString()}");
            }
            else
            {
                done++;
            }
        }

        return (done, failed);
    }
}
