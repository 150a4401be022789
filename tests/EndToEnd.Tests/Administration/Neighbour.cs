using MailKit.Net.Imap;

namespace MailCloud.EndToEnd.Tests.Administration;

/// <summary>An account of another tenant that is used all the time: an IMAP session that must never end, and mail to itself, each message of which must be there.</summary>
internal sealed class Neighbour
{
    /// <summary>Often enough to be there in every state of the other tenant, and no load.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly AccountUser user;
    private readonly ImapClient session;
    private readonly Task<int> life;
    private volatile bool isEnding;

    private Neighbour(AccountUser user, ImapClient session)
    {
        (this.user, this.session) = (user, session);
        life = UseAsync();
    }

    public static async Task<Neighbour> MoveInAsync(AccountUser user) => new(user, await user.OpenAsync());

    /// <summary>Ends it; throws what it has met.</summary>
    /// <returns>How many messages it has written and got.</returns>
    public async Task<int> MoveOutAsync()
    {
        isEnding = true;
        var written = await life;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (session.Inbox.Count < written)
        {
            await session.NoOpAsync(limit.Token);
        }

        Assert.Equal(written, session.Inbox.Count);
        await session.DisconnectAsync(quit: true);
        session.Dispose();
        return written;
    }

    private async Task<int> UseAsync()
    {
        var written = session.Inbox.Count;
        using var pace = new PeriodicTimer(Pause);
        while (!isEnding)
        {
            await user.LogsInAsync();
            await session.NoOpAsync();
            await user.SubmitAsync(user.Address, "to myself");
            written++;
            await pace.WaitForNextTickAsync();
        }

        return written;
    }
}
