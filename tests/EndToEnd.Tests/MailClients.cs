using System.Diagnostics;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Independent clients: MailKit, and command-line programs from Debian.</summary>
internal static class MailClients
{
    /// <summary>Runs a program to its end and returns its output; its exit code must be 0.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var text = await output + await errors;
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{text}");
        return text;
    }

    public static Task<ImapClient> LoginAsync(ServerProcess server, string user, string password) => LoginAsync(server.Imap, user, password);

    public static async Task<ImapClient> LoginAsync(int port, string user, string password)
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", port, SecureSocketOptions.None);
        await client.AuthenticateAsync(user, password);
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        return client;
    }

    /// <summary>Waits, by asking the server, until INBOX has that many messages.</summary>
    public static async Task UntilAsync(ImapClient client, int messages)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (client.Inbox.Count < messages)
        {
            await client.NoOpAsync(limit.Token);
        }
    }
}
