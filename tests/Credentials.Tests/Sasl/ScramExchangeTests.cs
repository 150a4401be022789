using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Credentials.Sasl;

namespace MailCloud.Credentials.Tests.Sasl;

public sealed class ScramExchangeTests
{
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private static readonly LoginServices Services = new()
    {
        Verifiers =
        {
            ["us,er="] = VerifiersTests.Pencil,
            ["legacy"] = "{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        },
    };

    private static readonly ChannelBindings Tls = new("endpoint-hash"u8.ToArray(), "exported-key"u8.ToArray());

    [Fact]
    public async Task The_dialog_of_RFC_7677_runs_to_the_letter()
    {
        var exchange = Start(plus: false, ChannelBindings.None);
        Assert.Equal("", Text(await exchange.NextAsync(null, default)));
        Assert.Equal(
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            Text(await exchange.NextAsync(Octets("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), default)));
        Assert.Equal(
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            Text(await exchange.NextAsync(Octets("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), default)));
        Assert.Equal(new SaslStep.Authenticated("user", "", null), await exchange.NextAsync(Octets(""), default));
    }

    [Theory]
    [InlineData("pen")]
    [InlineData("Pencil")]
    public async Task A_wrong_password_fails(string password) =>
        Assert.IsType<SaslStep.Failed>(await RunAsync(false, ChannelBindings.None, "n,,", [], "user", password));

    [Theory]
    [InlineData(true, "p=tls-server-end-point,,", "endpoint-hash", true)]
    [InlineData(true, "p=tls-exporter,,", "exported-key", true)]
    [InlineData(true, "p=tls-exporter,,", "another-key!", false)]
    [InlineData(true, "p=tls-exporter,,", "", false)]
    [InlineData(true, "p=tls-unique,,", "", false)]
    [InlineData(true, "n,,", "", false)] // -PLUS without a binding
    [InlineData(true, "y,,", "", false)]
    [InlineData(false, "n,,", "", true)]
    [InlineData(false, "y,,", "", false)] // -PLUS was taken out of the offer on its way
    [InlineData(false, "p=tls-exporter,,", "exported-key", false)] // a binding without -PLUS
    public async Task The_binding_is_checked_over_tls(bool plus, string header, string binding, bool succeeds)
    {
        var step = await RunAsync(plus, Tls, header, Encoding.ASCII.GetBytes(binding), "user", "pencil");
        Assert.Equal(succeeds, step is SaslStep.Authenticated);
    }

    [Theory]
    [InlineData(false, "y,,", true)]
    [InlineData(false, "n,,", true)]
    [InlineData(true, "p=tls-exporter,,", false)]
    public async Task Without_tls_there_is_nothing_to_bind_to(bool plus, string header, bool succeeds)
    {
        var step = await RunAsync(plus, ChannelBindings.None, header, [], "user", "pencil");
        Assert.Equal(succeeds, step is SaslStep.Authenticated);
    }

    [Theory]
    [InlineData("user")]
    [InlineData("nobody")]
    public async Task Who_was_made_to_believe_that_there_is_no_binding_is_told_so(string username) =>
        Assert.IsType<SaslStep.Downgraded>(await Start(false, Tls).NextAsync(Octets($"y,,n={username},r=abc"), default));

    [Fact]
    public async Task A_header_changed_after_the_first_message_fails()
    {
        var exchange = Start(false, ChannelBindings.None);
        var serverFirst = Text(await exchange.NextAsync(Octets("n,,n=user,r=abc"), default));
        Assert.IsType<SaslStep.Failed>(await exchange.NextAsync(Octets(Final("y,,", [], "n=user,r=abc", serverFirst, "pencil")), default));
    }

    [Fact]
    public async Task A_nonce_of_another_exchange_fails()
    {
        var exchange = Start(false, ChannelBindings.None);
        var serverFirst = Text(await exchange.NextAsync(Octets("n,,n=user,r=abc"), default));
        var replayed = serverFirst.Replace("%hv", "%hw", StringComparison.Ordinal);
        Assert.IsType<SaslStep.Failed>(await exchange.NextAsync(Octets(Final("n,,", [], "n=user,r=abc", replayed, "pencil")), default));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("legacy")]
    public async Task A_name_without_a_scram_verifier_has_one_salt_and_fails_at_the_end(string username)
    {
        var first = Text(await Start(false, ChannelBindings.None).NextAsync(Octets($"n,,n={username},r=abc"), default));
        Assert.Equal(first, Text(await Start(false, ChannelBindings.None).NextAsync(Octets($"n,,n={username},r=abc"), default)));
        Assert.NotEqual(first, Text(await Start(false, ChannelBindings.None).NextAsync(Octets($"n,,n={username}x,r=abc"), default)));
        Assert.IsType<SaslStep.Failed>(await RunAsync(false, ChannelBindings.None, "n,,", [], username, "pencil"));
    }

    [Fact]
    public async Task Name_and_authorization_identity_are_unescaped()
    {
        var step = await RunAsync(false, ChannelBindings.None, "n,a=o=2Cther,", [], "us=2Cer=3D", "pencil");
        Assert.Equal(new SaslStep.Authenticated("us,er=", "o,ther", null), step);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,n=user")]
    [InlineData("n,,r=abc,n=user")]
    [InlineData("x,,n=user,r=abc")]
    [InlineData("p=,,n=user,r=abc")]
    [InlineData("n,b,n=user,r=abc")]
    [InlineData("n,a=x=y,n=user,r=abc")]
    [InlineData("n,,m=ext,n=user,r=abc")]
    [InlineData("n,,n=us=er,r=abc")]
    [InlineData("n,,n=user=2,r=abc")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=user,r=a\u00e9")]
    public async Task What_is_no_first_message_is_malformed(string message) =>
        Assert.IsType<SaslStep.Malformed>(await Start(false, ChannelBindings.None).NextAsync(Octets(message), default));

    [Theory]
    [InlineData("")]
    [InlineData("c=biws,r=abc")]
    [InlineData("c=biws,p=AAAA")]
    [InlineData("c=b*ws,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    [InlineData("c=biws,r=abc,p=AAAA")]
    [InlineData("r=abc,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    public async Task What_is_no_final_message_is_malformed(string message)
    {
        var exchange = Start(false, ChannelBindings.None);
        await exchange.NextAsync(Octets("n,,n=user,r=abc"), default);
        Assert.IsType<SaslStep.Malformed>(await exchange.NextAsync(Octets(message), default));
        Assert.IsType<SaslStep.Malformed>(await exchange.NextAsync(Octets(""), default));
    }

    /// <summary>Plays the client to the end; the answer to a server signature that does not verify is null.</summary>
    private static async Task<SaslStep?> RunAsync(bool plus, ChannelBindings bindings, string header, byte[] binding, string saslname, string password)
    {
        var exchange = Start(plus, bindings);
        var bare = $"n={saslname},r=rOprNGfwEbeRWgbNEkqO";
        if (await exchange.NextAsync(Octets(header + bare), default) is not SaslStep.Challenge first)
        {
            return new SaslStep.Failed();
        }

        var final = await exchange.NextAsync(Octets(Final(header, binding, bare, Text(first), password)), default);
        return final is SaslStep.Challenge ? await exchange.NextAsync(Octets(""), default) : final;
    }

    private static string Final(string header, byte[] binding, string bare, string serverFirst, string password)
    {
        var fields = serverFirst.Split(',');
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(fields[1][2..]), int.Parse(fields[2][2..]), HashAlgorithmName.SHA256, 32);
        var withoutProof = $"c={Convert.ToBase64String([.. Encoding.UTF8.GetBytes(header), .. binding])},{fields[0]}";
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), Encoding.UTF8.GetBytes($"{bare},{serverFirst},{withoutProof}"));
        return $"{withoutProof},p={Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))])}";
    }

    private static ScramExchange Start(bool plus, ChannelBindings bindings) =>
        new(plus, bindings, Services.Proofs(IPAddress.Loopback), new FakeSalt(new byte[16]), ServerNonce);

    private static ReadOnlyMemory<byte> Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(SaslStep step) => Encoding.UTF8.GetString(Assert.IsType<SaslStep.Challenge>(step).Octets.Span);
}
