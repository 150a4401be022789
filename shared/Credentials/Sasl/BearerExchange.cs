using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailCloud.Credentials.Sasl;

/// <summary>
/// A mechanism whose one message has a name and a bearer token. A refusal takes a turn more: the server says as a challenge what was wrong, the client answers nothing of meaning, and then
/// the exchange fails (RFC 7628 §3.2.3; XOAUTH2 does the same).
/// </summary>
internal abstract class BearerExchange(TokenCheck tokens) : SaslExchange
{
    private bool isRefused;

    /// <summary>12,288 octets of base64, as RFC 4954 §4 has it: access tokens with the groups of a user come to some thousand.</summary>
    protected override int MaxResponseLength => 9216;

    /// <summary>What the message is like, for who wrote another.</summary>
    protected abstract string Form { get; }

    protected abstract bool TryParse(string text, out BearerMessage message);

    protected abstract JsonObject Describe(TokenVerdict.Refused refusal);

    protected override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (isRefused)
        {
            return new SaslStep.Failed();
        }

        if (response is not { } octets)
        {
            return new SaslStep.Challenge(ReadOnlyMemory<byte>.Empty);
        }

        if (!SaslText.TryDecode(octets, out var text) || !TryParse(text, out var message))
        {
            return Malformed(Form);
        }

        switch (await tokens(message.Username, message.Token, cancellationToken).ConfigureAwait(false))
        {
            case TokenVerdict.Accepted:
                return new SaslStep.Authenticated(message.Username, "", null);
            case TokenVerdict.Refused refusal:
                isRefused = true;
                return new SaslStep.Challenge(JsonSerializer.SerializeToUtf8Bytes(Describe(refusal)));
            default:
                return new SaslStep.TryLater();
        }
    }
}
