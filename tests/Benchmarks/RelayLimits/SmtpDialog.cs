using System.Net.Sockets;
using System.Text;

namespace MailCloud.Benchmarks.RelayLimits;

/// <summary>A client that sends one message after the other, with envelope and DATA in one write (RFC 2920).</summary>
internal sealed class SmtpDialog : IAsyncDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };
    private StreamReader reader = null!;

    public static async Task<SmtpDialog> OpenAsync(int port, CancellationToken cancellationToken)
    {
        var dialog = new SmtpDialog();
        await dialog.client.ConnectAsync("127.0.0.1", port, cancellationToken);
        dialog.reader = new(dialog.client.GetStream(), Encoding.Latin1);
        await dialog.ExpectAsync("220", cancellationToken);
        await dialog.AskAsync("EHLO load.example", "250", cancellationToken);
        return dialog;
    }

    public async Task LogInAsync(string user, string password, CancellationToken cancellationToken) =>
        await AskAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}"))}", "235", cancellationToken);

    public async Task SendAsync(string from, string to, string message, CancellationToken cancellationToken)
    {
        await SayAsync($"MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n", cancellationToken);
        await ExpectAsync("250", cancellationToken);
        await ExpectAsync("250", cancellationToken);
        await ExpectAsync("354", cancellationToken);
        await AskAsync($"{message}\r\n.", "250", cancellationToken);
    }

    /// <summary>False when the recipient is refused, for now or for good.</summary>
    public async Task<bool> TrySendAsync(string from, string to, string message, CancellationToken cancellationToken)
    {
        await SayAsync($"MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n", cancellationToken);
        await ExpectAsync("250", cancellationToken);
        var isTaken = await ReadAsync(cancellationToken) is ['2', ..];
        if (isTaken)
        {
            await ExpectAsync("354", cancellationToken);
            await AskAsync($"{message}\r\n.", "250", cancellationToken);
        }
        else
        {
            await ExpectAsync("5", cancellationToken);
            await AskAsync("RSET", "250", cancellationToken);
        }

        return isTaken;
    }

    public Task QuitAsync(CancellationToken cancellationToken) => AskAsync("QUIT", "221", cancellationToken);

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AskAsync(string line, string code, CancellationToken cancellationToken)
    {
        await SayAsync(line + "\r\n", cancellationToken);
        await ExpectAsync(code, cancellationToken);
    }

    private ValueTask SayAsync(string text, CancellationToken cancellationToken) => client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await reader.ReadLineAsync(cancellationToken);
        }
        while (line is [_, _, _, '-', ..]);
        return line;
    }

    private async Task ExpectAsync(string code, CancellationToken cancellationToken)
    {
        var line = await ReadAsync(cancellationToken);
        if (line?.StartsWith(code, StringComparison.Ordinal) != true)
        {
            throw new UnexpectedAnswerException($"{line ?? "the end of the connection"} instead of {code}");
        }
    }
}
