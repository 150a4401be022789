using System.Text.Json.Nodes;

namespace MailCloud.Credentials.Sasl;

/// <summary>XOAUTH2, which Google made and Microsoft took over: what most clients with tokens speak. Its error message has HTTP's status and scheme.</summary>
internal sealed class XOAuth2Exchange(TokenCheck tokens) : BearerExchange(tokens)
{
    protected override string Form => "an XOAUTH2 message is user= and auth=Bearer with a token";

    protected override bool TryParse(string text, out BearerMessage message) => BearerMessage.TryParseXOAuth2(text, out message);

    protected override JsonObject Describe(TokenVerdict.Refused refusal)
    {
        var description = new JsonObject { ["status"] = "401", ["schemes"] = "bearer" };
        if (refusal.Scopes is not null)
        {
            description["scope"] = refusal.Scopes;
        }

        return description;
    }
}
