using System.IO.Compression;
using System.Net.Security;
using System.Text;

namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 4978.</summary>
public sealed class CompressTests(ImapServer server, SecuredImapServer secured) : IClassFixture<ImapServer>, IClassFixture<SecuredImapServer>
{
    [Fact]
    public async Task Everything_after_the_response_is_deflated_both_ways()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        Assert.Contains("COMPRESS=DEFLATE", (await client.RunAsync("CAPABILITY"))[0], StringComparison.Ordinal);
        await client.RunOkAsync("COMPRESS DEFLATE");
        client.Wrap(stream => new Deflated(stream));
        Assert.DoesNotContain("COMPRESS=DEFLATE", (await client.RunAsync("CAPABILITY"))[0], StringComparison.Ordinal);
        Assert.Equal(["NO [COMPRESSIONACTIVE] Compression is active already"], await client.RunAsync("COMPRESS DEFLATE"));
        await client.RunOkAsync("SELECT INBOX");
        Assert.Equal(["* 1 FETCH (UID 1 FLAGS (\\Recent) RFC822.SIZE 155)", "OK FETCH completed"], await client.RunAsync("FETCH 1 (UID FLAGS RFC822.SIZE)"));
        Assert.Equal(["* BYE Goodbye", "OK LOGOUT completed"], await client.RunAsync("LOGOUT"));
        await Assert.ThrowsAsync<EndOfStreamException>(client.ReadLineAsync);
    }

    [Fact]
    public async Task Idle_tells_at_once_over_a_deflated_connection()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.RunOkAsync("COMPRESS DEFLATE");
        two.Watcher.Wrap(stream => new Deflated(stream));
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))");
        Assert.Equal(["OK IDLE completed"], await two.Watcher.DoneAsync());
    }

    [Fact]
    public async Task It_works_inside_tls()
    {
        var user = await secured.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(secured.EndPoint);
        await client.RunOkAsync("STARTTLS");
        SslStream tls = null!;
        client.Wrap(stream => tls = new(stream));
        await tls.AuthenticateAsClientAsync(secured.Tls);
        await client.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
        await client.RunOkAsync("COMPRESS DEFLATE");
        client.Wrap(stream => new Deflated(stream));
        await client.RunOkAsync("SELECT INBOX");
        Assert.Equal(["* 2 FETCH (FLAGS (\\Seen \\Recent))", "OK STORE completed"], await client.RunAsync("STORE 2 +FLAGS (\\Seen)"));
        Assert.Equal(["* BYE Goodbye", "OK LOGOUT completed"], await client.RunAsync("LOGOUT"));
    }

    [Fact]
    public async Task What_followed_in_clear_is_not_inflated()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        await client.SendAsync(Encoding.ASCII.GetBytes("a COMPRESS DEFLATE\r\nb NOOP\r\n"));
        Assert.Equal("a BAD Commands followed COMPRESS before its response", await client.ReadLineAsync());
        Assert.Equal("b OK NOOP completed", await client.ReadLineAsync());
        await client.RunOkAsync("COMPRESS DEFLATE");
    }

    [Fact]
    public async Task What_is_not_deflated_ends_the_connection()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        await client.RunOkAsync("COMPRESS DEFLATE");
        await client.SendLineAsync("a NOOP in clear, which is no deflated data");
        client.Wrap(stream => new Deflated(stream));
        await Assert.ThrowsAnyAsync<IOException>(client.ReadLineAsync);
    }

    [Fact]
    public async Task A_line_of_which_a_few_octets_make_megabytes_is_only_too_long()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        await client.RunOkAsync("COMPRESS DEFLATE");
        client.Wrap(stream => new Deflated(stream));
        await client.SendLineAsync(new('x', 512 * 1024));
        Assert.Equal("* BAD Line too long", await client.ReadLineAsync());
        await client.RunOkAsync("NOOP");
    }

    /// <summary>The client's end: each flush sends what was written.</summary>
    private sealed class Deflated(Stream inner) : Stream
    {
        private readonly DeflateStream reading = new(inner, CompressionMode.Decompress);
        private readonly DeflateStream writing = new(inner, CompressionLevel.Optimal);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => reading.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => writing.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => writing.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
