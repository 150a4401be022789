using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials.Sasl;

/// <summary>SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677).</summary>
internal sealed class ScramExchange : SaslExchange
{
    private readonly bool plus;
    private readonly ChannelBindings bindings;
    private readonly ScramProofs proofs;
    private readonly FakeSalt fakeSalt;
    private readonly string serverNonce;

    private State state = State.ClientFirst;
    private ScramClientFirst first = null!;
    private string serverFirst = "";
    private ScramVerifier verifier = null!;
    private FoundLogin login;
    private bool known;

    /// <param name="plus">The client chose the -PLUS form.</param>
    /// <param name="bindings">What the connection offers to bind to; with any of it, -PLUS was offered to the client.</param>
    /// <param name="serverNonce">Printable ASCII without comma.</param>
    public ScramExchange(bool plus, ChannelBindings bindings, ScramProofs proofs, FakeSalt fakeSalt, string serverNonce)
    {
        this.plus = plus;
        this.bindings = bindings;
        this.proofs = proofs;
        this.fakeSalt = fakeSalt;
        this.serverNonce = serverNonce;
    }

    private enum State
    {
        ClientFirst,
        ClientFinal,
        Acknowledgement,
        Ended,
    }

    public static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    protected override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is not { } message)
        {
            return state == State.ClientFirst ? new SaslStep.Challenge(ReadOnlyMemory<byte>.Empty) : Malformed("a response is missing");
        }

        if (!SaslText.TryDecode(message, out var text))
        {
            return Malformed("a SCRAM message is UTF-8");
        }

        switch (state)
        {
            case State.ClientFirst:
                return await TakeClientFirstAsync(text, cancellationToken).ConfigureAwait(false);
            case State.ClientFinal:
                state = State.Ended;
                return await TakeClientFinalAsync(text, cancellationToken).ConfigureAwait(false);
            case State.Acknowledgement:
                state = State.Ended;
                return text.Length == 0 ? new SaslStep.Authenticated(first.Username, first.AuthorizationId, null) : Malformed("the last SCRAM response is empty");
            default:
                return Malformed("the exchange has ended");
        }
    }

    private async ValueTask<SaslStep> TakeClientFirstAsync(string text, CancellationToken cancellationToken)
    {
        state = State.Ended;
        if (!ScramClientFirst.TryParse(text, out first))
        {
            return Malformed("this is no SCRAM client-first-message");
        }

        if (!BindingIsAcceptable())
        {
            return first.Flag == 'y' && !plus ? new SaslStep.Downgraded() : new SaslStep.Failed();
        }

        // An unknown name, and one whose verifier is of another scheme, goes through the same dialog with a salt of its own and fails at its end.
        login = await proofs.FindAsync(first.Username, cancellationToken).ConfigureAwait(false);
        known = Verifiers.TryParseScram(login.Verifier, out var found);
        verifier = known ? found : fakeSalt.VerifierFor(login.Name);
        serverFirst = $"r={first.Nonce}{serverNonce},s={Convert.ToBase64String(verifier.Salt)},i={verifier.Iterations}";
        state = State.ClientFinal;
        return new SaslStep.Challenge(Encoding.UTF8.GetBytes(serverFirst));
    }

    /// <summary>
    /// RFC 5802 §6: -PLUS asks for a binding of a kind that the server has; without it the client says "n" (it cannot) or "y" (it could, but
    /// believes the server cannot): with bindings at hand "y" means that somebody took -PLUS out of the offer.
    /// </summary>
    private bool BindingIsAcceptable() => first.Flag switch
    {
        'p' => plus && bindings.Find(first.BindingName) is not null,
        'y' => !plus && !bindings.Any,
        _ => !plus,
    };

    private async ValueTask<SaslStep> TakeClientFinalAsync(string text, CancellationToken cancellationToken)
    {
        // RFC 5802 §7: client-final-message = channel-binding "," nonce ["," extensions] "," proof
        var proofAt = text.LastIndexOf(",p=", StringComparison.Ordinal);
        var fields = proofAt < 0 ? [] : text[..proofAt].Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("c=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal)
            || !TryDecode(fields[0][2..], out _) || !TryDecode(text[(proofAt + 3)..], out var proof) || proof.Length != ScramVerifier.KeyLength)
        {
            return Malformed("this is no SCRAM client-final-message");
        }

        var authMessage = Encoding.UTF8.GetBytes($"{first.Bare},{serverFirst},{text[..proofAt]}");
        var answer = await proofs.CheckAsync(first.Username, login, () => IsProven(fields, proof, authMessage), cancellationToken).ConfigureAwait(false);
        if (answer != LoginAnswer.Right)
        {
            return answer switch
            {
                LoginAnswer.TryLater => new SaslStep.TryLater(),
                LoginAnswer.Incomplete => new SaslStep.Incomplete(),
                _ => new SaslStep.Failed(),
            };
        }

        state = State.Acknowledgement;
        var signature = HMACSHA256.HashData(verifier.ServerKey, authMessage);
        return new SaslStep.Challenge(Encoding.ASCII.GetBytes($"v={Convert.ToBase64String(signature)}"));
    }

    private bool IsProven(string[] fields, byte[] proof, byte[] authMessage)
    {
        TryDecode(fields[0][2..], out var channelBinding);
        byte[] expectedBinding = [.. Encoding.UTF8.GetBytes(first.Gs2Header), .. first.Flag == 'p' ? bindings.Find(first.BindingName)! : []];
        var bound = CryptographicOperations.FixedTimeEquals(channelBinding, expectedBinding);
        var fresh = string.Equals(fields[1], $"r={first.Nonce}{serverNonce}", StringComparison.Ordinal);

        // RFC 5802 §3: ClientKey := ClientProof XOR ClientSignature, and H(ClientKey) must be StoredKey.
        var clientKey = HMACSHA256.HashData(verifier.StoredKey, authMessage);
        for (var i = 0; i < clientKey.Length; i++)
        {
            clientKey[i] ^= proof[i];
        }

        var proven = CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), verifier.StoredKey);
        return bound & fresh & proven & known;
    }

    private static bool TryDecode(string base64, out byte[] octets)
    {
        octets = new byte[base64.Length];
        var ok = Convert.TryFromBase64String(base64, octets, out var written);
        octets = octets[..written];
        return ok;
    }
}
