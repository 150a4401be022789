using System.Text;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Isolation;

/// <summary>
/// Every verb of the table, given by an account of one tenant with what another tenant has: the answer is that for what never was, octet for octet, and nothing changes. A verb without a case fails.
/// Those of servers that share mailboxes have one, too: whoever adds them finds them tested.
/// </summary>
public sealed class ImapIsolationTests(OAuthServer server) : IClassFixture<OAuthServer>
{
    /// <summary>Commands of a session: some refused ones in a row end it.</summary>
    private const int InOneSession = 12;

    /// <summary>By verb: commands that name what is another's, in every argument that could.</summary>
    private static readonly Dictionary<string, Func<Caller, Things, IEnumerable<string>>> cases = new()
    {
        // These take nothing that could be another's.
        ["CAPABILITY"] = Alone("CAPABILITY"),
        ["NOOP"] = Alone("NOOP"),
        ["NAMESPACE"] = Alone("NAMESPACE"),
        ["GETJMAPACCESS"] = Alone("GETJMAPACCESS"),
        ["CHECK"] = Alone("CHECK"),
        ["EXPUNGE"] = Alone("EXPUNGE"),
        ["CLOSE"] = Alone("CLOSE"),
        ["UNSELECT"] = Alone("UNSELECT"),
        ["IDLE"] = Alone("IDLE\r\nDONE"),

        // Nor do these; without an argument they end what can be compared as text.
        ["LOGOUT"] = (_, of) => [$"LOGOUT {of.User}"],
        ["STARTTLS"] = (_, of) => [$"STARTTLS {of.User}"],
        ["COMPRESS"] = (_, of) => [$"COMPRESS {of.User}"],
        ["ENABLE"] = (_, of) => ["ENABLE QRESYNC", $"ENABLE {of.Local}", $"ENABLE {of.User}"],
        ["ID"] = (_, of) => ["ID NIL", $"ID (\"name\" \"{of.User}\")"],

        ["LOGIN"] = (caller, of) => [.. caller.Passwords.SelectMany(password => new[] { of.User, of.Claimed, of.Local, of.Account }.Select(name => $"LOGIN {name} \"{password}\""))],
        ["AUTHENTICATE"] = (caller, of) => [.. caller.Exchanges(of).Select(exchange => $"AUTHENTICATE {exchange.Start}\r\n{exchange.Answer}")],

        ["SELECT"] = OfMailbox("SELECT {0}", "SELECT {0} (CONDSTORE)"),
        ["EXAMINE"] = OfMailbox("EXAMINE {0}"),
        ["CREATE"] = OfMailbox("CREATE {0}", "CREATE {0} (USE (\\Sent))"),
        ["DELETE"] = OfMailbox("DELETE {0}"),
        ["RENAME"] = OfMailbox("RENAME {0} Mine", "RENAME Mine {0}", "RENAME INBOX {0}"),
        ["SUBSCRIBE"] = OfMailbox("SUBSCRIBE {0}"),
        ["UNSUBSCRIBE"] = OfMailbox("UNSUBSCRIBE {0}"),
        ["LIST"] = (caller, of) => [.. OfPatterns("LIST")(caller, of), $"LIST (SPECIAL-USE) \"{of.User}\" * RETURN (CHILDREN)", $"LIST \"\" (INBOX \"{of.Folder}\")"],
        ["LSUB"] = OfPatterns("LSUB"),
        ["STATUS"] = OfMailbox("STATUS {0} (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN SIZE HIGHESTMODSEQ DELETED-STORAGE)"),
        ["APPEND"] = (caller, of) => [.. OfMailbox("APPEND {0} {{1+}}\r\nx")(caller, of), .. of.Urls.Select(url => $"APPEND INBOX CATENATE (URL \"{url}\")")],
        ["GETQUOTA"] = (caller, of) => ["GETQUOTA \"\"", .. OfMailbox("GETQUOTA {0}")(caller, of)],
        ["GETQUOTAROOT"] = OfMailbox("GETQUOTAROOT {0}"),
        ["SETQUOTA"] = OfMailbox("SETQUOTA {0} (STORAGE 1)"),

        ["COPY"] = OfMailbox("COPY 1 {0}", "COPY 9 {0}"),
        ["UID COPY"] = OfMailbox("UID COPY 1 {0}", "UID COPY 9 {0}"),
        ["MOVE"] = OfMailbox("MOVE 1 {0}", "MOVE 9 {0}"),
        ["UID MOVE"] = OfMailbox("UID MOVE 1 {0}", "UID MOVE 9 {0}"),

        // Numbers of the mailbox that is selected; the other one has more messages.
        ["FETCH"] = (_, of) => ["FETCH 1:* (UID FLAGS BODY.PEEK[])", "FETCH 9 (UID BODY.PEEK[])", $"FETCH 1:* BODY.PEEK[HEADER.FIELDS ({of.Local})]"],
        ["UID FETCH"] = (_, _) => ["UID FETCH 1:* (FLAGS BODY.PEEK[])", "UID FETCH 4:9 (BODY.PEEK[])", "UID FETCH 9 FAST"],
        ["STORE"] = (_, of) => ["STORE 9 FLAGS (\\Deleted)", $"STORE 1 +FLAGS ({of.Local})"],
        ["UID STORE"] = (_, of) => ["UID STORE 4:9 FLAGS (\\Deleted)", $"UID STORE 1 +FLAGS ({of.Local})"],
        ["UID EXPUNGE"] = (_, _) => ["UID EXPUNGE 1:9"],
        ["SEARCH"] = OfContents("SEARCH"),
        ["UID SEARCH"] = OfContents("UID SEARCH"),

        // RFC 4314, RFC 5464, RFC 5465, RFC 7377, RFC 4467, and what Cyrus and Dovecot have.
        ["MYRIGHTS"] = OfMailbox("MYRIGHTS {0}"),
        ["GETACL"] = OfMailbox("GETACL {0}"),
        ["SETACL"] = (caller, of) => [.. OfMailbox($"SETACL {{0}} {caller.User} lrswipkxtea", $"SETACL {{0}} anyone lr")(caller, of), $"SETACL INBOX {of.User} lr"],
        ["DELETEACL"] = (caller, of) => [.. OfMailbox($"DELETEACL {{0}} {of.User}")(caller, of), $"DELETEACL INBOX {of.User}"],
        ["LISTRIGHTS"] = (caller, of) => [.. OfMailbox($"LISTRIGHTS {{0}} {of.User}")(caller, of), $"LISTRIGHTS INBOX {of.User}"],
        ["GETMETADATA"] = OfMailbox("GETMETADATA {0} (/private/comment /shared/comment)"),
        ["SETMETADATA"] = OfMailbox("SETMETADATA {0} (/shared/comment \"x\")"),
        ["NOTIFY"] = OfMailbox("NOTIFY SET (subtree {0} (MessageNew MessageExpunge))", "NOTIFY SET STATUS (mailboxes {0} (MessageNew MessageExpunge))"),
        ["ESEARCH"] = OfMailbox("ESEARCH IN (mailboxes {0}) RETURN (ALL) ALL", "ESEARCH IN (subtree {0}) ALL"),
        ["GENURLAUTH"] = (_, of) => [.. of.Urls.Select(url => $"GENURLAUTH \"{url}\" INTERNAL")],
        ["URLFETCH"] = (_, of) => [.. of.Urls.Select(url => $"URLFETCH \"{url}\"")],
        ["RESETKEY"] = OfMailbox("RESETKEY {0}"),
        ["PROXYAUTH"] = (_, of) => [$"PROXYAUTH {of.User}"],
        ["UNAUTHENTICATE"] = (_, of) => [$"UNAUTHENTICATE {of.User}"],
    };

    [Fact]
    public async Task What_another_tenant_has_is_as_if_it_never_was()
    {
        var other = await OtherTenant.MakeAsync(server);
        var before = await other.ViewAsync();
        Assert.Contains(other.There.Secret, before, StringComparison.Ordinal);
        var wrong = new List<string>();
        foreach (var verb in ImapVerbs.All.Keys.Union(cases.Keys).Order(StringComparer.Ordinal))
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

    [Fact]
    public async Task What_happens_to_another_tenants_mail_is_told_to_nobody_of_this_one()
    {
        var other = await OtherTenant.MakeAsync(server);
        await using var idle = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());
        await idle.RunOkAsync("SELECT INBOX");
        await idle.IdleAsync();
        await using var asking = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());
        await asking.RunOkAsync("SELECT INBOX");

        await other.BeBusyAsync();

        Assert.Equal(["OK IDLE completed"], await idle.DoneAsync());
        Assert.Equal(["OK NOOP completed"], await asking.RunAsync("NOOP"));
        Assert.Equal(["OK CHECK completed"], await asking.RunAsync("CHECK"));
    }

    [Fact]
    public async Task Who_proves_by_scram_to_be_one_is_not_another()
    {
        var (other, caller) = (await OtherTenant.MakeAsync(server), await Caller.MakeAsync(server));
        Assert.StartsWith("a OK ", await caller.ProveAsync(caller.User), StringComparison.Ordinal);
        Assert.StartsWith("a NO [AUTHORIZATIONFAILED] ", await caller.ProveAsync(other.There.User), StringComparison.Ordinal);
        Assert.Equal(await caller.ProveAsync(other.Never.User), await caller.ProveAsync(other.There.User));
    }

    [Fact]
    public async Task A_domain_that_is_another_name_of_one_tells_by_no_salt_which_accounts_there_are()
    {
        var other = await OtherTenant.MakeAsync(server);
        var grains = server.Services.GetRequiredService<IGrainFactory>();
        await grains.GetGrain<ITenantGrain>("other").AddDomainAsync("named.test");
        await grains.GetGrain<IDomainGrain>("named.test").RouteAsync(new() { AliasOf = "other.test" });

        Assert.Equal(await SaltOfAsync(other.There.User), await SaltOfAsync($"{other.There.Local}@named.test"));
        Assert.Equal(await SaltOfAsync(other.Never.Claimed), await SaltOfAsync($"{other.Never.Local}@named.test"));
        Assert.NotEqual(await SaltOfAsync(other.Never.Claimed), await SaltOfAsync(other.Never.User));
    }

    private static Func<Caller, Things, IEnumerable<string>> Alone(string verb) => (_, of) => [$"{verb.Split('\r')[0]} {of.User}", verb];

    private static Func<Caller, Things, IEnumerable<string>> OfMailbox(params string[] formats) =>
        (_, of) => [.. formats.SelectMany(format => of.Mailboxes.Select(name => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, $"\"{name}\"")))];

    private static Func<Caller, Things, IEnumerable<string>> OfPatterns(string verb) => (_, of) =>
    [
        $"{verb} \"\" *", $"{verb} \"\" %", $"{verb} / *", $"{verb} ../ *", $"{verb} \"#shared/\" *", $"{verb} \"Other Users/\" %",
        .. of.Mailboxes.SelectMany(name => new[] { $"{verb} \"\" \"{name}\"", $"{verb} \"\" \"{name}*\"", $"{verb} \"{name}/\" *" }),
    ];

    private static Func<Caller, Things, IEnumerable<string>> OfContents(string verb) => (_, of) =>
    [
        $"{verb} TEXT {of.Secret}", $"{verb} FROM {of.User}", $"{verb} RETURN (ALL COUNT) OR BODY {of.Secret} SUBJECT {of.Secret}", $"{verb} UID 4:9", $"{verb} KEYWORD {of.Local}",
        $"{verb} IN (mailboxes \"user/{of.User}\") ALL",
    ];

    private static Func<Caller, Things, IEnumerable<string>> CaseOf(string verb)
    {
        Assert.True(cases.ContainsKey(verb), $"{verb} has come to the table: give it a case here");
        return cases[verb];
    }

    // Each time by an account of the same form, with nothing in it that earlier commands left.
    private async Task<string> AskAsync(string verb, Things of)
    {
        var caller = await Caller.MakeAsync(server);
        var commands = CaseOf(verb)(caller, of).Select(command => $"t {command}");
        var isLogin = ImapVerbs.All.GetValueOrDefault(verb)?.LegalIn == ImapState.NotAuthenticated;
        string[] first = isLogin ? [] : [$"l LOGIN {caller.User} \"{Caller.Password}\"", "s SELECT INBOX"];
        var answers = "";
        foreach (var some in commands.Chunk(isLogin ? 1 : InOneSession))
        {
            answers += await Conversation.HaveAsync(server.EndPoint, [.. first, .. some, "z LOGOUT"]);
        }

        return of.Forget(answers.Replace(caller.User, "CALLER", StringComparison.Ordinal));
    }

    private async Task<string> SaltOfAsync(string user)
    {
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        await client.SendLineAsync($"a AUTHENTICATE SCRAM-SHA-256 {Convert.ToBase64String(Encoding.UTF8.GetBytes($"n,,n={user},r=nonce"))}");
        return Encoding.UTF8.GetString(Convert.FromBase64String((await client.ReadLineAsync())[2..])).Split(',')[1];
    }
}
