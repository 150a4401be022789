using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>An edge that says what the test wants it to.</summary>
internal sealed class TestEdge : ITerminalEdge
{
    /// <summary>Whether a session of an account shows what it is given.</summary>
    public Func<AccountId, bool> Shows { get; set; } = _ => true;

    public List<(AccountId Account, string Text)> Given { get; } = [];

    public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts) => throw new NotSupportedException();

    public Task<bool> ShowAsync(AccountId account, string text)
    {
        lock (Given)
        {
            Given.Add((account, text));
        }

        return Task.FromResult(Shows(account));
    }
}
