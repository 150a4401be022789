using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Append;

/// <summary>APPEND where it goes wrong: nothing becomes visible, the session goes on, and no body stays that no message has.</summary>
public sealed class AppendTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string Unavailable = "NO [UNAVAILABLE] Try again later";

    private readonly FaultyBlobs blobs = new(server.Services.GetRequiredService<IMessageBlobs>());

    private string owner = "";

    [Fact]
    public async Task A_body_is_stored_as_it_was_sent_and_the_mailbox_owns_it()
    {
        var user = await UserAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        var message = new byte[3_000_000];
        new Random(1).NextBytes(message);
        await client.SendAsync(Encoding.ASCII.GetBytes($"a APPEND INBOX ~{{{message.Length}+}}\r\n"));
        await client.SendAsync(message);
        await client.SendLineAsync("");
        Assert.StartsWith("a OK [APPENDUID ", await client.ReadLineAsync());

        var body = Assert.Single(await BodiesAsync());
        await using var stored = await blobs.OpenReadAsync(body.Name, 0, null, CancellationToken.None);
        var read = new MemoryStream();
        await stored.CopyToAsync(read);
        Assert.True(message.AsSpan().SequenceEqual(read.ToArray()));
    }

    [Fact]
    public async Task A_client_that_goes_within_a_message_leaves_nothing()
    {
        var user = await UserAsync();
        var client = await ConnectAsync(user);
        await client.SendAsync("a APPEND INBOX {5+}\r\nHello {100+}\r\nnot all of it");
        client.Dispose();
        await client.EndAsync();
        await NothingWasAppendedAsync(user);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_fails_refuses_the_message(bool full)
    {
        var user = await UserAsync();
        using var client = await ConnectAsync(user);
        Exception error = full ? new StorageFullException(new IOException()) : new IOException("broken");
        var refusal = full ? "NO [UNAVAILABLE] There is no room on the server" : Unavailable;

        blobs.Write = error;
        Assert.Equal("a " + refusal, await client.SayAsync("a APPEND INBOX {5+}\r\nHello"));

        (blobs.Write, blobs.Commit) = (null, error);
        Assert.Equal("b " + refusal, await client.SayAsync("b APPEND INBOX {5+}\r\nHello"));

        // Of two messages the second: the first was durable already.
        blobs.CommitsThatWork = 1;
        Assert.Equal("c " + refusal, await client.SayAsync("c APPEND INBOX {5+}\r\nHello {6+}\r\nHello2 {6+}\r\nHello3"));
        Assert.Equal("d OK NOOP completed", await client.SayAsync("d NOOP"));
        await NothingWasAppendedAsync(user);
    }

    [Fact]
    public async Task What_the_mailbox_refuses_is_released()
    {
        var user = await UserAsync();
        using var client = await ConnectAsync(user);
        var keywords = string.Join(' ', Enumerable.Range(0, KeywordBits.Max + 1).Select(i => $"k{i}"));
        Assert.Equal("a NO [LIMIT] A mailbox has at most 56 keywords", await client.SayAsync($"a APPEND INBOX ({keywords}) {{5+}}\r\nHello"));
        await NothingWasAppendedAsync(user);
    }

    [Fact]
    public async Task A_malformed_second_message_takes_the_first_with_it()
    {
        var user = await UserAsync();
        using var client = await ConnectAsync(user);
        Assert.Equal("a BAD Malformed date and time", await client.SayAsync("a APPEND INBOX {5+}\r\nHello \"yesterday\" {6+}\r\nHello2"));
        Assert.Equal("b OK NOOP completed", await client.SayAsync("b NOOP"));
        await NothingWasAppendedAsync(user);
    }

    [Fact]
    public async Task What_is_too_large_is_read_and_refused_up_to_a_bound()
    {
        var user = await UserAsync();
        using var client = await ConnectAsync(user);
        var large = new string('x', 1001);
        Assert.Equal("a NO [TOOBIG] A message has at most 1000 octets", await client.SayAsync("a APPEND INBOX {1001}"));
        Assert.Equal("b NO [TOOBIG] A message has at most 1000 octets", await client.SayAsync($"b APPEND INBOX {{1001+}}\r\n{large}"));
        Assert.Equal("c NO [TOOBIG] A message has at most 1000 octets", await client.SayAsync($"c APPEND INBOX {{1001+}}\r\n{large} {{999+}}\r\n{large[..999]}"));
        await NothingWasAppendedAsync(user);

        // The bound is for all that one command sends.
        Assert.Equal("* BYE [TOOBIG] The literal is too large", await client.SayAsync($"d APPEND INBOX {{1001+}}\r\n{large} {{1000+}}\r\n{large[..1000]}"));
        await client.EndAsync();
    }

    [Fact]
    public async Task A_line_that_does_not_end_after_a_message_is_refused()
    {
        var user = await UserAsync();
        using var client = await ConnectAsync(user);
        Assert.Equal("a BAD Line too long", await client.SayAsync($"a APPEND INBOX {{5+}}\r\nHello {new string('x', 70_000)}"));
        Assert.Equal("b OK NOOP completed", await client.SayAsync("b NOOP"));
        await NothingWasAppendedAsync(user);
    }

    private async Task<string> UserAsync()
    {
        var user = await server.CreateAccountAsync();
        owner = BodyOwner.Mailbox(await server.AccountAsync(user));
        return user;
    }

    private async Task<PipedClient> ConnectAsync(string user)
    {
        var piped = new PipedImapServer(server.Services, new() { MaxAppendLength = 1000, MaxDiscardedAppend = 2000 }, blobs);
        var client = piped.Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("l OK", await client.SayAsync($"l LOGIN {user} {ImapServer.Password}"));
        return client;
    }

    private async Task NothingWasAppendedAsync(string user)
    {
        var status = await (await server.MailboxAsync(user)).GetStatusAsync("INBOX");
        Assert.Equal((SampleMail.All.Count, (uint)SampleMail.All.Count + 1), (status!.Messages, status.UidNext));
        Assert.Empty(await BodiesAsync());
    }

    /// <summary>Bodies that the mailbox owns and has not released, beside those of its first messages.</summary>
    private async Task<IReadOnlyList<StoredBlob>> BodiesAsync()
    {
        var bodies = new List<StoredBlob>();
        await foreach (var body in blobs.ListAsync("demo/body/", CancellationToken.None))
        {
            if (body.Owners.Contains(owner) && !body.IsReleased && SampleMail.All.All(mail => mail.Body.Length != body.Length))
            {
                bodies.Add(body);
            }
        }

        return bodies;
    }
}
