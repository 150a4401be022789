using System.CommandLine;
using System.Net.Sockets;

namespace MailCloud.Cli;

/// <summary>Runs a command against the admin API and turns its errors into one line and exit code 1.</summary>
internal static class AdminCommand
{
    public static void SetAdminAction(
        this Command command, Func<ParseResult, AdminClient> connect, Func<AdminClient, ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                using var client = connect(parsed);
                return await run(client, parsed, cancellationToken);
            }
            catch (AdminException e)
            {
                await Console.Error.WriteLineAsync($"mailcloud: {e.Message}");
                return 1;
            }
            catch (IOException e) when (e is HttpIOException || e.InnerException is SocketException)
            {
                await Console.Error.WriteLineAsync($"mailcloud: the answer broke off ({e.Message}). Run it again, and see what the server logs if it happens twice.");
                return 1;
            }
        });
}
