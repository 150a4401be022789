using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Credentials;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>What clients and operators send to MailCloud.Credentials.</summary>
internal static class CredentialTargets
{
    private const string Password = "pencil";

    // One iteration: what is tried here is the reading, not the derivation.
    private static readonly ScramVerifier Known = ScramVerifier.Create(Password, [.. "salt"u8], 1);

    private static readonly string Stored = "{SCRAM-SHA-256}" + Known;

    private static readonly ServiceProvider Services = new ServiceCollection().AddCredentials(new ConfigurationBuilder().Build()).BuildServiceProvider();

    // From loopback, where guessing is not slowed.
    private static readonly ScramProofs Proofs = new(
        Services.GetRequiredService<LoginGuard>(),
        Services.GetRequiredService<CredentialsTelemetry>(),
        IPAddress.Loopback,
        static (username, _) => ValueTask.FromResult(new FoundLogin(username, Stored)));

    public static IEnumerable<FuzzTarget> All =>
    [
        new("scram", Scram)
        {
            MaxLength = 160,
            Seeds = _ => Seeds.Of("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "y,a=b,n=us=2Cer=3D,r=x,ext", "p=tls-exporter,,n=user,r=x", "n,,n=user,r=x\nc=biws,r=x,p=AAAA"),
            Tokens = ["n,,", "y,,", "p=tls-exporter,", "a=", "n=", "r=", "=2C", "=3D", "m=", "c=biws", ",p=", "\n", "user"],
        },
        new("saslprep", Prepare) { MaxLength = 64, Seeds = _ => Seeds.Of("I\u00adX", "\u00aa", "\u2168", "\u0627\u0031", "\u06271\u0628", "pass word"), Tokens = ["\u00a0", "\u3000", "\u200b", "\u0627", "\u05d0", "\u00ad", "\u0340", "\u1100\u1161", "ﬁ", "\ufdfa", "\ufeff", "𝒜"] },
        new("verifier", VerifierText)
        {
            MaxLength = 200,
            Seeds = _ => Seeds.Of(
                Stored,
                "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
                "{SHA512-CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
                "{BLF-CRYPT}$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe"),
            Tokens = ["{SCRAM-SHA-256}", "{SHA512-CRYPT}", "{BLF-CRYPT}", "$6$", "rounds=", "$2y$", "$", ",", "1000000", "1000001", "=="],
        },
    ];

    private static void Scram(ReadOnlyMemory<byte> input)
    {
        var end = input.Span.IndexOf((byte)'\n');
        var first = end < 0 ? input : input[..end];
        var exchange = new ScramExchange(plus: false, ChannelBindings.None, Proofs, new([1, 2, 3]), "server");
        var step = AtOnce.Get(exchange.NextAsync(first, default));
        if (step is not SaslStep.Challenge challenge)
        {
            ThrowIf(step is SaslStep.Authenticated, "nobody is let in without a proof");
            return;
        }

        var text = Encoding.UTF8.GetString(first.Span);
        ThrowIf(!ScramClientFirst.TryParse(text, out var message), "what is answered is a client-first-message");
        ThrowIf(message.Gs2Header + message.Bare != text, "a message is its header and the rest");
        if (end >= 0)
        {
            var given = AtOnce.Get(exchange.NextAsync(input[(end + 1)..], default));
            ThrowIf(given is SaslStep.Authenticated or SaslStep.Challenge, "nobody is let in by a proof that was guessed");
            return;
        }

        // RFC 5802 §3: a client that knows the password gets in, whatever name and nonce it chose.
        var answer = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(message.Gs2Header))},r={message.Nonce}server";
        var proof = Convert.ToBase64String(Proof($"{message.Bare},{Encoding.UTF8.GetString(challenge.Octets.Span)},{answer}"));
        ThrowIf(AtOnce.Get(exchange.NextAsync(Encoding.UTF8.GetBytes($"{answer},p={proof}"), default)) is not SaslStep.Challenge, "the right proof is taken");
        ThrowIf(AtOnce.Get(exchange.NextAsync(ReadOnlyMemory<byte>.Empty, default)) is not SaslStep.Authenticated done || done.Username != message.Username, "the user is the one who was named");
    }

    private static byte[] Proof(string authMessage)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(Password), Known.Salt, 1, HashAlgorithmName.SHA256, ScramVerifier.KeyLength);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(Known.StoredKey, Encoding.UTF8.GetBytes(authMessage));
        return [.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))];
    }

    private static void Prepare(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        if (SaslPrep.TryPrepare(text, out var prepared))
        {
            ThrowIf(!SaslPrep.TryPrepare(prepared, out var again) || again != prepared, "what is prepared stays as it is");
        }
    }

    private static void VerifierText(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.UTF8.GetString(input.Span);
        var why = Verifiers.WhyUnsupported(text);
        ThrowIf(why is { Length: 0 }, "a reason is said");
        if (Verifiers.TryParseScram(text, out var scram))
        {
            ThrowIf(why is not null, "what is read is supported");
            ThrowIf(!Verifiers.TryParseScram("{SCRAM-SHA-256}" + scram, out var again) || again.Iterations != scram.Iterations || !again.StoredKey.AsSpan().SequenceEqual(scram.StoredKey), "a verifier is read back as it was written");
        }
    }
}
