using System.Net;
using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Transfer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>What a client sees of a blob that goes while it is sent, over a real connection.</summary>
public sealed class BlobAnswerTests : IAsyncLifetime, IDisposable
{
    private const int Piece = 64 * 1024;

    private WebApplication app = null!;
    private HttpClient http = null!;
    private BlobAnswer answer = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddProblemDetails();
        app = builder.Build();
        app.MapGet("/", () => answer);
        await app.StartAsync();
        http = new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    public void Dispose() => http.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task What_is_gone_before_the_first_octet_is_not_found(bool isSized, bool isTold)
    {
        answer = AnswerOf(isSized ? 10 * Piece : null, 0, isTold);
        using var response = await http.GetAsync("/");
        if (isSized || isTold)
        {
            Assert.Equal((HttpStatusCode.NotFound, true), (response.StatusCode, response.Headers.CacheControl!.NoStore));
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        }
        else
        {
            // Of unknown length, and nothing is missed.
            Assert.Equal((HttpStatusCode.OK, 0), (response.StatusCode, (await response.Content.ReadAsByteArrayAsync()).Length));
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task What_goes_after_it_breaks_the_connection_off(bool isSized, bool isTold)
    {
        answer = AnswerOf(isSized ? 10 * Piece : null, 2, isTold);
        using var response = await http.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_stays_comes_whole()
    {
        answer = AnswerOf(3 * Piece, 3, isTold: false);
        Assert.Equal(3 * Piece, (await http.GetByteArrayAsync("/")).Length);
    }

    private static BlobAnswer AnswerOf(long? length, int pieces, bool isTold) => new(
        new(new(BlobKind.Upload, Guid.NewGuid()), "x/y", length, (_, _) => Task.FromResult<Stream>(new Vanishing(pieces, isTold))), 0, length, NullLogger.Instance);

    /// <summary>Ends too early, or tells that the blob is missing.</summary>
    private sealed class Vanishing(int pieces, bool isTold) : ForwardStream
    {
        private int left = pieces;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            left-- > 0 ? new(Math.Min(buffer.Length, Piece)) : isTold ? throw new BlobMissingException("it") : new(0);
    }
}
