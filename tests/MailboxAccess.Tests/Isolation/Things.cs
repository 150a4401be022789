namespace MailCloud.MailboxAccess.Tests.Isolation;

/// <summary>What a tenant has, or would have if there were one. Names of both are of the same length, so that what is said of them differs in nothing else.</summary>
/// <param name="Account">The account's id, which no client ever sees.</param>
/// <param name="Secret">A word that stands in each of its messages.</param>
/// <param name="Claimed">Whom a token says it is for: of a domain that is hosted either way, since to whom its accounts have to go for tokens a domain tells every stranger (RFC 7628 §3.2.2).</param>
internal sealed record Things(string Local, string Domain, string Account, string Secret, string Claimed)
{
    public string User => $"{Local}@{Domain}";

    public string Folder => $"Plans of {Local}";

    /// <summary>Ways in which servers that share mailboxes name one of somebody else, and ways out of one's own.</summary>
    public IEnumerable<string> Mailboxes =>
    [
        User, $"{User}/INBOX", Local, Domain, Account, $"{Account}/INBOX", $"/{Account}", $"../{User}/INBOX", $"../../{Account}/INBOX", Folder, $"INBOX/../{Folder}",
        $"user/{User}", $"user/{User}/INBOX", $"user.{Local}", $"Other Users/{User}", $"Other Users/{User}/INBOX",
        $"#shared/{User}/INBOX", $"#user/{User}", $"#public/{Domain}", $"~{User}", $"~{User}/INBOX",
    ];

    /// <summary>The same as URLs (RFC 5092).</summary>
    public IEnumerable<string> Urls => [$"imap://{Local}%40{Domain}@127.0.0.1/INBOX/;UID=1", $"imap://127.0.0.1/user/{User}/;UID=1;URLAUTH=anonymous:internal:00"];

    /// <summary>A text without these names.</summary>
    public string Forget(string text) =>
        text.Replace(Account, "ACCOUNT", StringComparison.Ordinal).Replace(Domain, "DOMAIN", StringComparison.Ordinal).Replace(Local, "LOCAL", StringComparison.Ordinal);
}
