using System.Text.Json.Nodes;

namespace MailCloud.Credentials.Sasl;

/// <summary>OAUTHBEARER (RFC 7628).</summary>
internal sealed class OAuthBearerExchange(TokenCheck tokens) : BearerExchange(tokens)
{
    protected override string Form => "an OAUTHBEARER message has a GS2 header with the account's name, and auth=Bearer with a token";

    protected override bool TryParse(string text, out BearerMessage message) => BearerMessage.TryParseOAuthBearer(text, out message);

    // RFC 7628 §3.2.2.
    protected override JsonObject Describe(TokenVerdict.Refused refusal)
    {
        var description = new JsonObject { ["status"] = refusal.Status };
        if (refusal.Scopes is not null)
        {
            description["scope"] = refusal.Scopes;
        }

        if (refusal.Discovery is not null)
        {
            description["openid-configuration"] = refusal.Discovery;
        }

        return description;
    }
}
