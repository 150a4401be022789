using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests.Isolation;

/// <summary>An account of another tenant than the caller's, with mail, folders, a quota and an app password.</summary>
internal sealed class OtherTenant
{
    /// <summary>More than the caller has, so that there are numbers and UIDs that only this mailbox has.</summary>
    private const int Messages = 9;

    private static int made;
    private readonly OAuthServer server;

    private OtherTenant(OAuthServer server, int number, string account) => (this.server, There, Never) = (
        server,
        new($"bob{number}", "other.test", account, "Zimtstern", $"bob{number}@other.test"),
        new($"nob{number}", "never.test", "never" + account["other".Length..^32] + new string('0', 32), "Zimtkugel", $"nob{number}@other.test"));

    public Things There { get; }

    /// <summary>What would have been, had it been made by another name.</summary>
    public Things Never { get; }

    private IGrainFactory Grains => server.Services.GetRequiredService<IGrainFactory>();

    public static async Task<OtherTenant> MakeAsync(OAuthServer server)
    {
        var number = Interlocked.Increment(ref made);
        var address = new EmailAddress($"bob{number}", "other.test");
        var grain = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(address.Key);
        await grain.PutAsync(new() { Address = address, Tenant = new("other"), Kind = AddressKind.Account, Verifier = Verifiers.Create(ImapServer.Password) });
        var other = new OtherTenant(server, number, (await grain.GetAsync())!.Account!.Value.Value);
        await other.FillAsync();
        return other;
    }

    /// <summary>Everything that it has, as it sees it itself.</summary>
    public async Task<string> ViewAsync()
    {
        var view = new StringBuilder();
        await using var session = await ImapDialog.OpenAsync(server.EndPoint, There.User, then: null);
        foreach (var command in (string[])["LIST \"\" *", "LSUB \"\" *", "GETQUOTAROOT INBOX"])
        {
            view.AppendLine(await session.AskAsync(command));
        }

        foreach (var folder in (string[])["INBOX", There.Folder])
        {
            view.AppendLine(await session.AskAsync($"STATUS \"{folder}\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE HIGHESTMODSEQ)"));
            view.AppendLine(await session.AskAsync($"EXAMINE \"{folder}\""));
            view.AppendLine(await session.AskAsync("FETCH 1:* (UID FLAGS MODSEQ INTERNALDATE BODY.PEEK[])"));
        }

        var record = (await Grains.GetGrain<IAddressGrain>(There.User).GetAsync())!;
        view.AppendLine($"{record.Kind} {record.State} {record.Account} {record.Verifier}");
        return view.AppendJoin('\n', await Grains.GetGrain<IAppPasswordsGrain>(There.User).ListAsync()).ToString();
    }

    /// <summary>A session of its own that changes much of it: mail comes, is marked and goes, a folder is made, and a text is shown.</summary>
    public async Task BeBusyAsync()
    {
        await using var session = await ImapDialog.OpenAsync(server.EndPoint, There.User);
        await AppendAsync(session, "INBOX");
        foreach (var command in (string[])["STORE 1:* +FLAGS (\\Flagged)", "CREATE Busy", "COPY 1 Busy", "STORE 2 +FLAGS (\\Deleted)", "EXPUNGE", "DELETE Busy"])
        {
            Assert.Contains("t OK", await session.AskAsync(command), StringComparison.Ordinal);
        }

        var shown = Grains.GetGrain<ITerminalsGrain>(0).ShowAsync(new(There.Account), There.Secret);
        while (!shown.IsCompleted)
        {
            await session.AskAsync("NOOP");
        }

        Assert.True(await shown);
    }

    private async Task FillAsync()
    {
        await Grains.GetGrain<IMailboxGrain>(There.Account).CreateAsync(new() { QuotaBytes = 2_000_000 });
        await Grains.GetGrain<IAppPasswordsGrain>(There.User)
            .AddAsync(new() { Id = Guid.NewGuid(), Name = "phone", Scopes = LoginProtocols.Imap, MadeAt = server.Clock.GetUtcNow() }, AppPasswordSecret.DigestOf(AppPasswordSecret.New())!);
        await using var session = await ImapDialog.OpenAsync(server.EndPoint, There.User);
        Assert.Contains("t OK", await session.AskAsync($"CREATE \"{There.Folder}\""), StringComparison.Ordinal);
        Assert.Contains("t OK", await session.AskAsync($"SUBSCRIBE \"{There.Folder}\""), StringComparison.Ordinal);
        await AppendAsync(session, There.Folder);
        for (var i = 0; i < Messages; i++)
        {
            await AppendAsync(session, "INBOX");
        }
    }

    private async Task AppendAsync(ImapDialog session, string folder)
    {
        var mail = $"From: {There.User}\r\nSubject: {There.Secret}\r\n\r\n{There.Secret}\r\n";
        Assert.Contains("t OK", await session.AskAsync($"APPEND \"{folder}\" {{{mail.Length}+}}\r\n{mail}"), StringComparison.Ordinal);
    }
}
