using System.Net;
using MailCloud.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Oidc.Tests;

public sealed class IssuerKeysTests : IAsyncLifetime, IDisposable
{
    /// <summary>In place of the keys' names: there are none to be had.</summary>
    private static readonly string[] away = ["(away)"];

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().AddSingleton<OidcTelemetry>().BuildServiceProvider();
    private readonly IssuerDocuments documents = new([IPNetwork.Parse("127.0.0.0/8")]);
    private TestIssuer issuer = null!;

    public async Task InitializeAsync() => issuer = await TestIssuer.StartAsync();

    public async Task DisposeAsync() => await issuer.DisposeAsync();

    public void Dispose()
    {
        documents.Dispose();
        services.Dispose();
    }

    [Fact]
    public async Task Keys_are_fetched_once_for_all_and_again_after_an_hour()
    {
        var keys = Keys();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => GetAsync(keys)));
        Assert.Equal(1, issuer.Fetches);
        time.Advance(IssuerKeys.KeptFor);
        issuer.Rotate();
        Assert.Equal([issuer.Rsa.KeyId, issuer.Ec.KeyId], (await GetAsync(keys))!);
        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task For_a_key_that_is_not_known_they_are_fetched_once_in_five_minutes()
    {
        var keys = Keys();
        await GetAsync(keys);
        issuer.Rotate();
        Assert.DoesNotContain(issuer.Rsa.KeyId, await GetAsync(keys, unknownKey: true));
        time.Advance(IssuerKeys.PauseForUnknownKey);
        Assert.Contains(issuer.Rsa.KeyId, await GetAsync(keys, unknownKey: true));
        await GetAsync(keys, unknownKey: true);
        Assert.Equal(2, issuer.Fetches);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_asked_again_after_a_pause_and_its_keys_serve_for_a_day()
    {
        var keys = Keys();
        var before = await GetAsync(keys);
        issuer.GoAway();
        time.Advance(IssuerKeys.KeptFor);
        Assert.Equal(before, await GetAsync(keys));
        await GetAsync(keys);
        Assert.Equal(2, issuer.Fetches);
        time.Advance(IssuerKeys.KeptAtMost - IssuerKeys.KeptFor);
        Assert.Equal(away, await GetAsync(keys));
        issuer.Instead = null;
        Assert.Equal(away, await GetAsync(keys));
        time.Advance(IssuerKeys.PauseAfterFailure);
        Assert.Equal(before, await GetAsync(keys));
    }

    [Fact]
    public async Task Who_leaves_does_not_end_the_fetch()
    {
        using var left = new CancellationTokenSource();
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        issuer.Instead = async context =>
        {
            asked.SetResult();
            await answer.Task;
            await context.Response.WriteAsJsonAsync(new { issuer = issuer.Issuer, jwks_uri = $"{issuer.Issuer}/keys" });
        };
        var keys = Keys();
        var first = keys.GetAsync(unknownKey: false, left.Token);
        var second = GetAsync(keys);
        await asked.Task;
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult();
        Assert.Contains(issuer.Rsa.KeyId, await second);
        Assert.Equal(1, issuer.Fetches);
    }

    [Fact]
    public async Task A_document_of_another_issuer_gives_no_keys()
    {
        issuer.SaidIssuer = "https://else.example";
        Assert.Equal(away, await GetAsync(Keys()));
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_what_is_too_long_is_not_read()
    {
        issuer.Instead = context =>
        {
            context.Response.Redirect($"{issuer.Issuer}/keys");
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<HttpRequestException>(() => DiscoverAsync(documents));
        issuer.Instead = context => context.Response.WriteAsync(new string(' ', IssuerDocuments.MaxLength + 1));
        await Assert.ThrowsAsync<HttpRequestException>(() => DiscoverAsync(documents));
    }

    [Theory]
    [InlineData("http://example.test/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("no address")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://169.254.169.254/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[::ffff:192.168.0.1]/")]
    public async Task What_is_not_https_or_not_public_is_not_asked(string address) =>
        await Assert.ThrowsAsync<HttpRequestException>(() => documents.GetDocumentAsync(address, CancellationToken.None));

    [Fact]
    public async Task Without_the_option_loopback_is_not_asked()
    {
        using var strict = new IssuerDocuments([]);
        await Assert.ThrowsAsync<HttpRequestException>(() => DiscoverAsync(strict));
        Assert.Equal(0, issuer.Fetches);
    }

    private IssuerKeys Keys() => new(new("demo"), issuer.Issuer, documents, services.GetRequiredService<OidcTelemetry>(), time, NullLogger.Instance);

    private Task<string> DiscoverAsync(IssuerDocuments from) => from.GetDocumentAsync(IssuerKeys.DiscoveryOf(issuer.Issuer), CancellationToken.None);

    private static async Task<string[]> GetAsync(IssuerKeys keys, bool unknownKey = false) =>
        (await keys.GetAsync(unknownKey, CancellationToken.None))?.Select(key => key.KeyId).ToArray() ?? away;
}
