using System.Diagnostics;

namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>Sends one message after the other in one SMTP session; each reply must be the good one.</summary>
internal sealed class MailSender(string recipient) : SteadyClient("SMTP")
{
    private readonly List<(string Subject, long At)> accepted = [];

    /// <summary>Subjects of messages that got 250, and when that was (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public IReadOnlyList<(string Subject, long At)> Accepted
    {
        get
        {
            lock (accepted)
            {
                return [.. accepted];
            }
        }
    }

    protected override async Task LogInAsync()
    {
        await Connection.ExpectAsync("220");
        await Connection.CommandAsync("EHLO steady.example", "250");
    }

    protected override async Task WorkAsync()
    {
        var subject = Guid.NewGuid().ToString("N");
        await SayAsync("MAIL FROM:<sender@steady.example>", "250");
        await SayAsync($"RCPT TO:<{recipient}>", "250");
        await SayAsync("DATA", "354");
        await SayAsync($"Subject: {subject}\r\n\r\ntext\r\n.", "250");
        lock (accepted)
        {
            accepted.Add((subject, Stopwatch.GetTimestamp()));
        }
    }

    private Task<string> SayAsync(string line, string code) => AskAsync(line, () => Connection.ExpectAsync(code));
}
