using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>
/// Every verb of the table, given on submission by an account of one tenant with addresses of another. The answers are all alike, whatever these are, and the same for one that nobody has, anywhere; but
/// of a recipient an account is told what every stranger is, and no more. A verb without a case fails.
/// </summary>
[Collection("server")]
public sealed partial class IsolationTests(ServerFixture server) : IAsyncLifetime
{
    private const string Caller = "alice@example.test";

    /// <summary>Carol has a live session, Carl has none, to Crew belong others elsewhere; alice was granted to send as Carol. Nobody is nob@other.test.</summary>
    private static readonly string[] theirs =
        ["carol@other.test", "carl@other.test", "crew@other.test", "onto@other.test", "gone@other.test", "idle@other.test", "full@other.test", "nob@other.test", "postmaster@other.test"];

    private static readonly string[] nobodys = ["nob@never.test", "postmaster@never.test"];

    /// <summary>Where the answer is about a recipient: whether there is one, whether it has moved and so on is told to everybody who sends mail (RFC 5321 §6.2).</summary>
    private static readonly HashSet<string> ofRecipients = ["RCPT", "SEND", "SOML", "SAML"];

    /// <summary>Where the answer is about a domain: that one is hosted here is told to everybody who sends mail to it. Whom it has, and whose it is, is not.</summary>
    private static readonly HashSet<string> ofDomains = ["BDAT", "DATA"];

    /// <summary>By verb: what is said with an address, after the login but for AUTH.</summary>
    private static readonly Dictionary<string, Func<IsolationTests, string, IEnumerable<string>>> cases = new()
    {
        ["HELO"] = (_, of) => [$"HELO {DomainOf(of)}"],
        ["EHLO"] = (_, of) => [$"EHLO {DomainOf(of)}"],
        ["STARTTLS"] = (_, of) => [$"STARTTLS {of}"],
        ["AUTH"] = (tests, of) => [.. tests.Logins(of)],
        ["MAIL"] = (_, of) =>
        [
            $"MAIL FROM:<{of}>", $"MAIL FROM:<{of}> SIZE=10", $"MAIL FROM:<{of.Replace("@", "+detail@", StringComparison.Ordinal)}>",
            $"MAIL FROM:<{Caller}> AUTH={of}", $"MAIL FROM:<{Caller}> BY=600;R AUTH=<{of}>",
        ],
        ["RCPT"] = (_, of) => [$"MAIL FROM:<{Caller}>\r\nRCPT TO:<{of}>", $"MAIL FROM:<{Caller}>\r\nRCPT TO:<{of}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{of}", $"MAIL FROM:<>\r\nRCPT TO:<{of}>"],
        ["SEND"] = (_, of) => [$"SEND FROM:<{Caller}>\r\nRCPT TO:<{of}>", $"SEND FROM:<{of}>"],
        ["SOML"] = (_, of) => [$"SOML FROM:<{Caller}>\r\nRCPT TO:<{of}>", $"SOML FROM:<{of}>"],
        ["SAML"] = (_, of) => [$"SAML FROM:<{Caller}>\r\nRCPT TO:<{of}>", $"SAML FROM:<{of}>"],
        ["DATA"] = (_, of) => [.. Originators(of).Select(header => $"MAIL FROM:<{Caller}>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n{header}\r\n\r\nhello\r\n.")],
        ["BDAT"] = (_, of) => [.. Originators(of).Select(header => $"MAIL FROM:<{Caller}>\r\nRCPT TO:<bob@example.test>\r\nBDAT {header.Length + 4} LAST\r\n{header}\r\n\r\nRSET")],
        ["VRFY"] = (_, of) => [$"VRFY {of}", $"VRFY <{of}>", $"VRFY {of.Split('@')[0]}", $"VRFY @{DomainOf(of)}"],
        ["EXPN"] = (_, of) => [$"EXPN {of}", $"EXPN <{of}>", $"EXPN {of.Split('@')[0]}", $"EXPN @{DomainOf(of)}"],

        // These take nothing that could be another's.
        ["RSET"] = (_, of) => ["RSET", $"RSET {of}"],
        ["NOOP"] = (_, of) => ["NOOP", $"NOOP {of}"],
        ["QUIT"] = (_, of) => [$"QUIT {of}"],
        ["TURN"] = (_, of) => ["TURN", $"TURN {of}"],
        ["HELP"] = (_, of) => ["HELP", "HELP STATUS", $"HELP {of}"],

        // RFC 1985, RFC 2645, RFC 4468, and what Postfix and proxies have: whoever adds one finds it tested.
        ["ETRN"] = (_, of) => [$"ETRN {DomainOf(of)}", $"ETRN @{DomainOf(of)}"],
        ["ATRN"] = (_, of) => [$"ATRN {DomainOf(of)}"],
        ["BURL"] = (_, of) => [$"BURL imap://127.0.0.1/user/{of}/;UID=1;URLAUTH=anonymous:internal:00 LAST"],
        ["XCLIENT"] = (_, of) => [$"XCLIENT LOGIN={of}"],
        ["XFORWARD"] = (_, of) => [$"XFORWARD IDENT={of}"],
    };

    private readonly string appPassword = AppPasswordSecret.New();
    private TestIssuer issuer = null!;

    public async Task InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        Table.Issuers["demo"] = new() { Issuer = issuer.Issuer, Audiences = [TestIssuer.Audience] };
        var password = new AppPassword { Id = Guid.NewGuid(), Name = "device", Scopes = LoginProtocols.Smtp, MadeAt = DateTimeOffset.UtcNow };
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAppPasswordsGrain>(Caller).AddAsync(password, AppPasswordSecret.DigestOf(appPassword)!);
    }

    public async Task DisposeAsync()
    {
        Table.Issuers.TryRemove("demo", out _);
        await issuer.DisposeAsync();
    }

    [Fact]
    public async Task What_another_tenant_has_is_told_apart_only_where_strangers_are_told()
    {
        var wrong = new List<string>();
        var strangers = new Dictionary<string, string>();
        foreach (var address in theirs.Concat(nobodys))
        {
            strangers[address] = await AskStrangerAsync(address);
        }

        foreach (var verb in SmtpVerbs.All.Keys.Union(cases.Keys).Order(StringComparer.Ordinal))
        {
            foreach (var alike in strangers.Keys.GroupBy(address => ofRecipients.Contains(verb) ? strangers[address] : ofDomains.Contains(verb) ? DomainOf(address) : ""))
            {
                var answers = new Dictionary<string, string>();
                foreach (var address in alike)
                {
                    answers[address] = await AskAsync(verb, address);
                }

                if (answers.Values.Distinct().Count() != 1)
                {
                    wrong.Add($"{verb}: {string.Join('\n', answers)}");
                }
            }
        }

        Assert.Empty(wrong);

        // There are some of which strangers are told the same.
        Assert.Equal(strangers["carol@other.test"], strangers["carl@other.test"]);
        Assert.Equal(strangers["carol@other.test"], strangers["crew@other.test"]);
        Assert.NotEqual(strangers["carol@other.test"], strangers["nob@other.test"]);
    }

    [Theory]
    [InlineData("RCPT TO:<carol@other.test>")]
    [InlineData("RCPT TO:<idle@other.test>")]
    [InlineData("RCPT TO:<full@other.test>")]
    [InlineData("RCPT TO:<onto@other.test>")]
    [InlineData("RCPT TO:<gone@other.test>")]
    [InlineData("RCPT TO:<nob@other.test>")]
    public async Task Of_a_recipient_an_account_is_told_what_a_stranger_is(string recipient)
    {
        string[] dialog = [$"MAIL FROM:<{Caller}>", recipient];
        var (told, stranger) = (await SayAsync("submission", [.. LoggedIn, .. dialog]), await SayAsync("mx", ["HELO c.example", .. dialog]));

        // The replies to MAIL, RCPT and QUIT, and the end.
        Assert.Equal(stranger.Split('\n')[^4..], told.Split('\n')[^4..]);
    }

    [Theory]
    [InlineData("submission")]
    [InlineData("mx")]
    public async Task Which_domains_are_of_one_tenant_is_not_told(string listener)
    {
        string[] first = listener == "mx" ? ["HELO c.example"] : LoggedIn;
        Task<string> SendAsync(string one, string other) => SayAsync(listener, [.. first, $"MAIL FROM:<{Caller}>", $"RCPT TO:<{one}>", $"RCPT TO:<{other}>", "DATA", "Subject: of whom", "", "."]);
        var ofOne = await SendAsync("carol@other.test", "carl@other.test");
        Assert.Contains("250 2.0.0 queued as ID\r\n", ofOne, StringComparison.Ordinal);
        Assert.Equal(ofOne, await SendAsync("carol@other.test", "hugo@few.test"));
        Assert.Equal(ofOne, await SendAsync("bob@example.test", "carol@other.test"));
    }

    private static string[] LoggedIn => ["HELO c.example", $"AUTH PLAIN {Base64($"\0{Caller}\0mailcloud")}"];

    private static string[] Originators(string of) =>
    [
        $"From: <{of}>", $"From: Alice <{Caller}>, <{of}>", $"From: <{Caller}>\r\nResent-From: <{of}>", $"From: <{of}>\r\nResent-From: <{Caller}>", $"From: <{Caller}>\r\nSender: <{of}>",
    ];

    /// <summary>Each way to be somebody else, with what the caller knows.</summary>
    private IEnumerable<string> Logins(string of)
    {
        // Carol's own is the one of everybody in the table: it is not what the caller knows.
        foreach (var password in (string[])["a guess", appPassword])
        {
            yield return $"AUTH PLAIN {Base64($"\0{of}\0{password}")}";
            yield return $"AUTH PLAIN {Base64($"{Caller}\0{of}\0{password}")}";
            yield return $"AUTH LOGIN {Base64(of)}\r\n{Base64(password)}";
        }

        foreach (var password in (string[])["mailcloud", appPassword])
        {
            yield return $"AUTH PLAIN {Base64($"{of}\0{Caller}\0{password}")}";
            yield return $"AUTH PLAIN {Base64($"{of.Split('@')[0]}\0{Caller}\0{password}")}";
        }

        foreach (var token in (string[])[issuer.TokenFor(Caller), issuer.TokenFor(of), issuer.ForgedFor(of)])
        {
            yield return $"AUTH OAUTHBEARER {Base64($"n,a={of},\u0001auth=Bearer {token}\u0001\u0001")}\r\nAQ==";
            yield return $"AUTH XOAUTH2 {Base64($"user={of}\u0001auth=Bearer {token}\u0001\u0001")}\r\n";
        }

        yield return $"AUTH OAUTHBEARER {Base64($"n,a={Caller},\u0001auth=Bearer {issuer.TokenFor(of)}\u0001\u0001")}\r\nAQ==";
    }

    private static Func<IsolationTests, string, IEnumerable<string>> CaseOf(string verb)
    {
        Assert.True(cases.ContainsKey(verb), $"{verb} has come to the table: give it a case here");
        return cases[verb];
    }

    private async Task<string> AskAsync(string verb, string of)
    {
        string[] first = verb == "AUTH" ? ["HELO c.example"] : LoggedIn;
        var answers = new StringBuilder();
        foreach (var dialog in CaseOf(verb)(this, of))
        {
            answers.Append(await SayAsync("submission", [.. first, dialog]));
        }

        return Forget(answers.ToString(), of);
    }

    private async Task<string> AskStrangerAsync(string of) => Forget(await SayAsync("mx", ["HELO c.example", "MAIL FROM:<stranger@remote.example>", $"RCPT TO:<{of}>"]), of);

    // Without what is of the moment.
    private async Task<string> SayAsync(string listener, IEnumerable<string> lines)
    {
        var said = await Conversation.HaveAsync(new IPEndPoint(IPAddress.Loopback, server.Port(listener)), [.. lines, "QUIT"]);
        return LatestRelease().Replace(QueuedAs().Replace(said, "ID"), "");
    }

    private static string Forget(string text, string of) => text.Replace(of, "ADDRESS", StringComparison.Ordinal).Replace(DomainOf(of), "DOMAIN", StringComparison.Ordinal);

    private static string DomainOf(string address) => address.Split('@')[1];

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex("(?<=queued as )[0-9a-f]{32}")]
    private static partial Regex QueuedAs();

    [GeneratedRegex("(?<=FUTURERELEASE [0-9]+ ).*")]
    private static partial Regex LatestRelease();
}
