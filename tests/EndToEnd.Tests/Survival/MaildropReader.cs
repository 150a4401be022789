namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>Reads the first message of a maildrop again and again, in one POP3 session, and removes it at the end.</summary>
internal sealed class MaildropReader(string user) : SteadyClient("POP3")
{
    /// <summary>Ends the session with an update; what it said.</summary>
    public async Task<string> RemoveAsync()
    {
        await SayAsync("DELE 1");
        return await SayAsync("QUIT");
    }

    protected override async Task LogInAsync()
    {
        await Connection.LineAsync();
        await SayAsync($"USER {user}");
        await SayAsync("PASS mailcloud");
    }

    protected override async Task WorkAsync()
    {
        await SayAsync("RETR 1");
        var lines = new List<string>();
        while ((await Connection.LineAsync()) is var line && line != ".")
        {
            lines.Add(line);
        }

        Assert.Contains("Subject: first", lines);
    }

    private Task<string> SayAsync(string command) => AskAsync(command, async () =>
    {
        var line = await Connection.LineAsync();
        Assert.StartsWith("+OK", line, StringComparison.Ordinal);
        return line;
    });
}
