using System.Globalization;
using System.Text;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>One run of a program that downloads by POP3 and gives each message to a command of ours.</summary>
/// <param name="Home">Where its configuration and its memory of UIDLs stand.</param>
/// <param name="User">Whose mail, in full.</param>
/// <param name="Security">In clear, with STLS, or TLS from the start.</param>
/// <param name="Keep">The messages stay on the server; otherwise they are deleted as they come.</param>
/// <param name="Deliver">A program that takes a message by its standard input.</param>
internal sealed record Download(ClientFolder Home, string User, SecureSocketOptions Security, bool Keep, string Deliver);

/// <summary>What every such program must get from a server, told by what it delivered and by what IMAP finds afterwards.</summary>
/// <param name="server">The server, which knows how it is reached.</param>
/// <param name="run">Runs the program to its end, whatever that is, with an account.</param>
/// <param name="puts">What the program puts before each message.</param>
/// <param name="beforeEnd">What the command that takes a message does before it ends, in the words of sh(1).</param>
internal sealed class DownloadScenario(ClientServer server, Func<Download, Task<ClientRun>> run, string puts = "", string beforeEnd = "")
{
    /// <summary>Download and keep, over sessions: each message comes once, octet by octet, and stays.</summary>
    public async Task KeepsAsync(SecureSocketOptions security, IReadOnlyList<byte[]> messages)
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        var download = new Download(home, user, security, Keep: true, Deliverer(home));
        await server.AppendAsync(user, messages);

        var first = await run(download);
        AssertDelivered(home, messages, first);
        var second = await run(download);
        AssertDelivered(home, messages, second);

        var late = TestMessage.Create("late", new Random(1));
        await server.AppendAsync(user, [late]);
        AssertDelivered(home, [.. messages, late], await run(download));
        Assert.Equal([.. messages, late], await server.InboxAsync(user));
    }

    /// <summary>Download and delete: each message comes once, and then nothing is left.</summary>
    public async Task DeletesAsync(SecureSocketOptions security, IReadOnlyList<byte[]> messages)
    {
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        await server.AppendAsync(user, messages);

        AssertDelivered(home, messages, await run(new Download(home, user, security, Keep: false, Deliverer(home))));

        Assert.Empty(await server.InboxAsync(user));
    }

    /// <summary>RFC 1939 §6: whoever does not come to QUIT deletes nothing, and has it all again.</summary>
    public async Task DiesAsync()
    {
        const int DiesWith = 4;
        var random = new Random(2);
        var messages = Enumerable.Range(0, 8).Select(i => TestMessage.Create(string.Create(CultureInfo.InvariantCulture, $"dies{i}"), random)).ToArray();
        var user = await server.NewAccountAsync();
        using var home = new ClientFolder();
        await server.AppendAsync(user, messages);

        var killed = await run(new Download(home, user, SecureSocketOptions.None, Keep: false, KillingDeliverer(home, DiesWith)));

        Assert.True(killed.ExitCode == 137, $"{killed.Command} was not killed:\n{killed.Output}");
        AssertDelivered(home, messages[..DiesWith], killed);
        await server.UntilMaildropIsFreeAsync(user);
        Assert.Equal(messages, await server.InboxAsync(user));

        // What it remembers of the first run stays behind with its home: it may well think that it has some of them.
        using var another = new ClientFolder();
        AssertDelivered(another, messages, await run(new Download(another, user, SecureSocketOptions.None, Keep: false, Deliverer(another))));
        Assert.Empty(await server.InboxAsync(user));
    }

    /// <summary>Files a message as it comes.</summary>
    private string Deliverer(ClientFolder home) => Script(home, "deliver", "");

    /// <summary>Files a message, and kills who brought it when it is the last of so many: before that one hears that it was delivered.</summary>
    private string KillingDeliverer(ClientFolder home, int last) =>
        Script(home, "deliver-and-kill", string.Create(CultureInfo.InvariantCulture, $"[ $(ls mail | wc -l) -lt {last} ] || kill -KILL $PPID\n"));

    private string Script(ClientFolder home, string name, string end)
    {
        Directory.CreateDirectory(home.File("mail"));
        var path = home.Write(name, $"#!/bin/sh\nset -e\ncd {home.Path}\ncat > \"$(mktemp mail/XXXXXXXXXX)\"\n{end}{beforeEnd}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>Each message once, whatever the line ends that the program likes better.</summary>
    private void AssertDelivered(ClientFolder home, IReadOnlyList<byte[]> messages, ClientRun run)
    {
        var delivered = Directory.GetFiles(home.File("mail")).Select(File.ReadAllBytes).ToArray();
        var (expected, found) = (Digests(messages.Select(m => (byte[])[.. Encoding.ASCII.GetBytes(puts), .. m])), Digests(delivered));
        if (!expected.SequenceEqual(found))
        {
            var other = delivered.FirstOrDefault(d => !expected.Contains(TestMessage.Digest(d)));
            Assert.Fail($"{messages.Count} messages were there and {delivered.Length} came, {found.Count(expected.Contains)} of them as they were\n{run.Command} ended with {run.ExitCode}:\n{run.Output}\n"
                + (other is null ? "" : $"one that came:\n{Encoding.UTF8.GetString(other)}"));
        }
    }

    private static string[] Digests(IEnumerable<byte[]> messages) => [.. messages.Select(TestMessage.Digest).Order(StringComparer.Ordinal)];
}
