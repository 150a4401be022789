using System.Text.RegularExpressions;

namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>Appends messages to INBOX, flags each, and moves every second one to another folder.</summary>
internal sealed partial class ImapWorker(string user) : SteadyClient("IMAP, working")
{
    private const string Folder = "Done";

    private int tag;

    /// <summary>Subjects of messages that were appended and flagged, and whether they were moved, as it was answered.</summary>
    public Dictionary<string, bool> Moved { get; } = [];

    protected override async Task LogInAsync()
    {
        await Connection.LineAsync();
        await CommandAsync($"LOGIN {user} mailcloud");
        await CommandAsync($"CREATE {Folder}");
        await CommandAsync("SELECT INBOX");
    }

    protected override async Task WorkAsync()
    {
        var subject = Guid.NewGuid().ToString("N");
        var message = $"Subject: {subject}\r\n\r\ntext\r\n";
        var uid = Appended().Match(await CommandAsync($"APPEND INBOX {{{message.Length}+}}\r\n{message}")).Groups["uid"].Value;
        await CommandAsync($"UID STORE {uid} +FLAGS (\\Flagged)");
        var move = Moved.Count % 2 == 0;
        if (move)
        {
            await CommandAsync($"UID MOVE {uid} {Folder}");
        }

        Moved.Add(subject, move);
    }

    private Task<string> CommandAsync(string command)
    {
        var mine = $"w{++tag} ";
        return AskAsync(mine + command, async () =>
        {
            while (true)
            {
                var line = await Connection.LineAsync();
                if (line.StartsWith(mine, StringComparison.Ordinal))
                {
                    Assert.StartsWith(mine + "OK", line, StringComparison.Ordinal);
                    return line;
                }

                Assert.False(line.StartsWith("* BYE", StringComparison.Ordinal), line);
            }
        });
    }

    [GeneratedRegex(@"\[APPENDUID \d+ (?<uid>\d+)\]")]
    private static partial Regex Appended();
}
