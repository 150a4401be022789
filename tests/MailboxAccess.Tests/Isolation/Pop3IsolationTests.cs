using MailCloud.MailboxAccess.Pop3;
using MailCloud.Testing;

namespace MailCloud.MailboxAccess.Tests.Isolation;

/// <summary>As <see cref="ImapIsolationTests"/>, of POP3.</summary>
public sealed class Pop3IsolationTests(OAuthServer server) : IClassFixture<OAuthServer>
{
    /// <summary>By verb: commands that name what is another's, in every argument that could.</summary>
    private static readonly Dictionary<string, Func<Caller, Things, IEnumerable<string>>> cases = new()
    {
        // These take nothing that could be another's. Without an argument the last two end what can be compared as text.
        ["CAPA"] = Alone("CAPA"),
        ["LANG"] = Alone("LANG"),
        ["UTF8"] = Alone("UTF8"),
        ["NOOP"] = Alone("NOOP"),
        ["RSET"] = Alone("RSET"),
        ["STAT"] = Alone("STAT"),
        ["QUIT"] = (_, of) => [$"QUIT {of.User}"],
        ["STLS"] = (_, of) => [$"STLS {of.User}"],

        ["USER"] = (caller, of) => [.. Names(of).Select(name => $"USER {name}\r\nPASS {Caller.Password}")],
        ["PASS"] = (caller, of) => [.. caller.Passwords.SelectMany(password => Names(of).Select(name => $"USER {name}\r\nPASS {password}")), $"PASS {of.User} {Caller.Password}"],
        ["AUTH"] = (caller, of) => ["AUTH", .. caller.Exchanges(of).Select(exchange => $"AUTH {exchange.Start}\r\n{exchange.Answer}")],

        // Numbers of one's own maildrop; the other one has more messages.
        ["LIST"] = (_, of) => ["LIST", "LIST 9", $"LIST {of.User}"],
        ["UIDL"] = (_, of) => ["UIDL", "UIDL 9", $"UIDL {of.User}"],
        ["RETR"] = (_, of) => ["RETR 1", "RETR 9", $"RETR {of.User}"],
        ["TOP"] = (_, of) => ["TOP 1 0", "TOP 9 0", $"TOP {of.User} 0"],
        ["DELE"] = (_, of) => ["DELE 9", $"DELE {of.User}"],

        // RFC 1939 §7 and what proxies have.
        ["APOP"] = (_, of) => [$"APOP {of.User} {new string('0', 32)}"],
        ["XTND"] = (_, of) => [$"XTND {of.User}"],
    };

    [Fact]
    public async Task What_another_tenant_has_is_as_if_it_never_was()
    {
        var other = await OtherTenant.MakeAsync(server);
        var before = await other.ViewAsync();
        var wrong = new List<string>();
        foreach (var verb in Pop3Verbs.All.Keys.Union(cases.Keys).Order(StringComparer.Ordinal))
        {
            var (there, never) = (await AskAsync(verb, other.There), await AskAsync(verb, other.Never));
            if (there != never || there.Contains(other.There.Secret, StringComparison.Ordinal))
            {
                wrong.Add($"{verb}: {there}\nand, of what never was,\n{never}");
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(before, await other.ViewAsync());
    }

    private static string[] Names(Things of) => [of.User, of.Claimed, of.Local, of.Account];

    private static Func<Caller, Things, IEnumerable<string>> Alone(string verb) => (_, of) => [$"{verb} {of.User}", verb];

    private static Func<Caller, Things, IEnumerable<string>> CaseOf(string verb)
    {
        Assert.True(cases.ContainsKey(verb), $"{verb} has come to the table: give it a case here");
        return cases[verb];
    }

    // Each time by an account of the same form, with nothing in it that earlier commands left.
    private async Task<string> AskAsync(string verb, Things of)
    {
        var caller = await Caller.MakeAsync(server);
        var isLogin = Pop3Verbs.All.GetValueOrDefault(verb)?.LegalIn == Pop3State.Authorization;
        string[] first = isLogin ? [] : [$"USER {caller.User}", $"PASS {Caller.Password}"];
        var answers = "";
        foreach (var command in CaseOf(verb)(caller, of))
        {
            answers += await Conversation.HaveAsync(server.Pop3EndPoint, [.. first, command, "QUIT"]);
        }

        return of.Forget(answers.Replace(caller.User, "CALLER", StringComparison.Ordinal));
    }
}
