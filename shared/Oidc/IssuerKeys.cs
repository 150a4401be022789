using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace MailCloud.Oidc;

/// <summary>
/// The keys of one tenant's issuer. They are fetched when a login needs them, by one fetch for all that wait; who leaves does not end it. Not the library's ConfigurationManager: that one fetches
/// anew in the background while the token with the new key is refused, and by a clock of its own.
/// </summary>
internal sealed class IssuerKeys(TenantId tenant, string issuer, IDocumentRetriever documents, OidcTelemetry telemetry, TimeProvider time, ILogger log)
{
    /// <summary>How long keys are used: one that an issuer withdraws is taken for no longer.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    /// <summary>How long they are used while no newer can be had.</summary>
    public static readonly TimeSpan KeptAtMost = TimeSpan.FromDays(1);

    /// <summary>Between two fetches for a key that is not known: anybody can make tokens that name one.</summary>
    public static readonly TimeSpan PauseForUnknownKey = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private Task<IReadOnlyList<SecurityKey>?>? fetch;
    private DateTimeOffset startedAt;
    private (DateTimeOffset At, IReadOnlyList<SecurityKey> Keys)? kept;
    private bool hasFailed;

    /// <param name="unknownKey">A token names a key that is not among those that were given before.</param>
    /// <returns>Null: they cannot be had now.</returns>
    public Task<IReadOnlyList<SecurityKey>?> GetAsync(bool unknownKey, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (fetch is null || (fetch.IsCompleted && now - startedAt >= Pause(unknownKey)))
            {
                (startedAt, fetch) = (now, FetchAsync());
            }

            return fetch.WaitAsync(cancellationToken);
        }
    }

    private TimeSpan Pause(bool unknownKey) => hasFailed ? PauseAfterFailure : unknownKey ? PauseForUnknownKey : KeptFor;

    private async Task<IReadOnlyList<SecurityKey>?> FetchAsync()
    {
        try
        {
            // OpenID Connect Discovery 1.0 §4.1.
            var found = await OpenIdConnectConfigurationRetriever.GetAsync(DiscoveryOf(issuer), documents, CancellationToken.None).ConfigureAwait(false);

            // §4.3: the document must be the issuer's own.
            if (found.Issuer != issuer)
            {
                throw new InvalidOperationException("the discovery document is of another issuer");
            }

            (kept, hasFailed) = ((time.GetUtcNow(), [.. found.SigningKeys]), false);
            telemetry.Fetched(tenant, "fetched");
        }
        catch (Exception e)
        {
            // Whatever it was, a stranger's host is its cause.
            hasFailed = true;
            telemetry.Fetched(tenant, "failed");
            log.IssuerAway(issuer, tenant, (e.InnerException ?? e).Message);
        }

        return kept is { } last && time.GetUtcNow() - last.At < KeptAtMost ? last.Keys : null;
    }

    public static string DiscoveryOf(string issuer) => issuer.TrimEnd('/') + "/.well-known/openid-configuration";
}
