using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// What clients have uploaded and nothing uses yet, as blobs <c>tenant/upload/account/id</c> without owners: what uses one copies it. The name says whose it is and the store how long it is and since when,
/// so that nothing else is kept of it. The sweep deletes what is older than <see cref="Lifetime"/>; backups leave it out.
/// </summary>
public static class UploadedBlobs
{
    private const string Kind = "upload";

    /// <summary>A day, as clients may count on (RFC 8620 §6.1 asks for an hour), and an hour for clocks and for what has just begun to read it.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(25);

    public static string NameFor(AccountId account, Guid id) => $"{PrefixFor(account)}{id:N}";

    /// <summary>All of an account's names begin with it.</summary>
    public static string PrefixFor(AccountId account) => $"{account.Tenant.Value}/{Kind}/{account.Value[(account.Tenant.Value.Length + 1)..]}/";

    public static bool Is(string name) => name.Split('/') is [_, Kind, _, _];
}
