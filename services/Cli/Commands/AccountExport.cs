using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary>
/// <c>account export DOMAIN --hashes --to FILE</c>: all addresses of a domain as JSON lines, to standard output or to a file. The file is there when it is whole, and is its owner's alone, since it
/// may have hashes of passwords.
/// </summary>
internal static class AccountExport
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var hashes = new Option<bool>("--hashes") { Description = "With the hashes of passwords, as {SCHEME}hash, which account import takes." };
        var to = new Option<FileInfo?>("--to") { Description = "The file to write; without it standard output." };
        var command = new Command("export", "Write all addresses of a domain, a line of JSON each.") { domain, hashes, to };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
        {
            var path = $"/admin/v1/accounts/export?domain={Uri.EscapeDataString(parsed.GetValue(domain)!)}{(parsed.GetValue(hashes) ? "&hashes=true" : "")}";
            var lines = client.GetLinesAsync(path, cancellationToken);
            return parsed.GetValue(to) is { } file ? SaveAsync(lines, Output.Of(parsed), file) : PrintAsync(lines);
        });
        return command;
    }

    private static async Task<int> PrintAsync(IAsyncEnumerable<string> lines)
    {
        await CopyAsync(lines, Console.Out);
        return 0;
    }

    private static async Task<int> SaveAsync(IAsyncEnumerable<string> lines, Output output, FileInfo file)
    {
        var partial = $"{file.FullName}.partial";
        try
        {
            var addresses = await WriteAsync(lines, partial);
            File.Move(partial, file.FullName, overwrite: true);
            output.Say(new { exported = addresses }, $"{addresses} addresses exported");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"the file was not written: {e.Message}");
        }
        finally
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }
        }
    }

    private static async Task<int> WriteAsync(IAsyncEnumerable<string> lines, string path)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var writer = new StreamWriter(path, options);
        return await CopyAsync(lines, writer);
    }

    private static async Task<int> CopyAsync(IAsyncEnumerable<string> lines, TextWriter writer)
    {
        var copied = 0;
        await foreach (var line in lines)
        {
            await writer.WriteAsync($"{line}\n");
            copied++;
        }

        return copied;
    }
}
