using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>An IMAP session that idles in INBOX and is told of messages, which arrive there and never leave.</summary>
internal sealed class IdleListener : IDisposable
{
    private readonly List<long> toldAt = [];
    private RawConnection connection = null!;

    /// <summary>Fails when the session breaks.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>When the session heard that there are so many messages: the first entry is of the first one (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public IReadOnlyList<long> ToldAt
    {
        get
        {
            lock (toldAt)
            {
                return [.. toldAt];
            }
        }
    }

    public async Task StartAsync(int port, string user, string password = "mailcloud")
    {
        connection = await RawConnection.OpenAsync(port);
        await connection.LineAsync();
        await connection.ImapAsync($"LOGIN {user} {password}");
        await connection.ImapAsync("SELECT INBOX");
        await connection.SendAsync("i IDLE\r\n"u8.ToArray());
        Assert.Equal("+ idling", await connection.LineAsync());
        Running = RunAsync();
    }

    /// <summary>Asks for the end of IDLE: a session that was dropped would not answer.</summary>
    public async Task StopAsync()
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes("DONE\r\n"));
        await Running;
    }

    public void Dispose() => connection?.Dispose();

    private async Task RunAsync()
    {
        for (var line = await connection.LineAsync(); !line.StartsWith("i OK", StringComparison.Ordinal); line = await connection.LineAsync())
        {
            Assert.False(line.StartsWith("* BYE", StringComparison.Ordinal), line);
            if (!line.EndsWith(" EXISTS", StringComparison.Ordinal))
            {
                continue;
            }

            var messages = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            lock (toldAt)
            {
                while (toldAt.Count < messages)
                {
                    toldAt.Add(Stopwatch.GetTimestamp());
                }
            }
        }
    }
}
