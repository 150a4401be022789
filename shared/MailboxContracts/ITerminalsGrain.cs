using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The terminals of RFC 821 §3.4: live sessions of accounts, whatever edge serves them. Key: 0. It knows the edges, which are few, and asks them: a session that nobody
/// sends to costs it nothing. All of it is in memory; a new activation knows an edge when that renews.
/// </summary>
[Alias("mc.ITerminalsGrain")]
public interface ITerminalsGrain : IGrainWithIntegerKey
{
    /// <summary>Asks this edge too, for a minute from now; it repeats the call four times as often.</summary>
    [Alias("Attach")]
    Task AttachAsync(ITerminalEdge edge);

    [Alias("Detach")]
    Task DetachAsync(ITerminalEdge edge);

    /// <summary>Of these accounts, the ones that have a live session. An edge that does not answer within seconds has none.</summary>
    [Alias("Live")]
    Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts);

    /// <summary>
    /// Shows a text in the account's sessions. True when at least one client has been sent it; false when none was within seconds, though it may be yet.
    /// </summary>
    [Alias("Show")]
    Task<bool> ShowAsync(AccountId account, string text);
}

/// <summary>An edge that serves sessions in which a text can be shown.</summary>
[Alias("mc.ITerminalEdge")]
public interface ITerminalEdge : IGrainObserver
{
    /// <summary>Of these accounts, the ones that have a live session here.</summary>
    [Alias("Live")]
    Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts);

    /// <summary>As <see cref="ITerminalsGrain.ShowAsync"/>, for the sessions here.</summary>
    [Alias("Show")]
    Task<bool> ShowAsync(AccountId account, string text);
}
