using MailCloud.Messages;

namespace MailCloud.Standing;

/// <summary>One session that is logged in; it is told of the end of its account's right to be, until it is disposed.</summary>
public sealed class AccountSession : IDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly AccountSessions others;

    internal AccountSession(AccountSessions others, AccountId account, string addressKey, Guid? appPassword) =>
        (this.others, Account, AddressKey, AppPassword, Ended) = (others, account, addressKey, appPassword, ending.Token);

    public AccountId Account { get; }

    /// <summary>Ends when the account is suspended, or the session's app password taken back: the session says so and closes.</summary>
    public CancellationToken Ended { get; }

    public bool HasEnded => Ended.IsCancellationRequested;

    /// <summary>It has ended because its app password was taken back.</summary>
    public bool IsRevoked { get; private set; }

    /// <summary>The app password that opened it; null: it was not one.</summary>
    internal Guid? AppPassword { get; }

    /// <summary>Of the address that the account is read by.</summary>
    internal string AddressKey { get; }

    public void Dispose()
    {
        if (others.Leave(this))
        {
            ending.Dispose();
        }
    }

    // What the session does at its end is done elsewhere: who tells of it does not wait for clients.
    internal void End() => _ = ending.CancelAsync();

    internal void Revoke()
    {
        IsRevoked = true;
        End();
    }
}
