using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MailCloud.Mailboxes.Terminals;

/// <summary>Where a text for a live session goes. Nothing here is stored: what is shown nowhere, its sender files. It stays where it is: elsewhere it would know no edge until they renew.</summary>
[Reentrant, Immovable]
internal sealed class TerminalsGrain(TimeProvider time, ILogger<TerminalsGrain> log) : Grain, ITerminalsGrain
{
    /// <summary>An edge renews four times as often.</summary>
    private static readonly TimeSpan EdgeLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Twice what an edge waits for its clients; an SMTP client at RCPT waits minutes (RFC 5321 §4.5.3.2.3).</summary>
    private static readonly TimeSpan EdgeLimit = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ITerminalEdge, DateTimeOffset> edges = [];

    public Task AttachAsync(ITerminalEdge edge)
    {
        edges[edge] = time.GetUtcNow() + EdgeLifetime;
        return Task.CompletedTask;
    }

    public Task DetachAsync(ITerminalEdge edge)
    {
        edges.Remove(edge);
        return Task.CompletedTask;
    }

    public async Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts)
    {
        var live = await Task.WhenAll(Edges().Select(edge => AskAsync(edge, e => e.FindLiveAsync(accounts), [])));
        return live.SelectMany(found => found).Distinct().ToArray();
    }

    public async Task<bool> ShowAsync(AccountId account, string text)
    {
        await foreach (var shown in Task.WhenEach(Edges().Select(edge => AskAsync(edge, e => e.ShowAsync(account, text), false))))
        {
            if (await shown)
            {
                return true;
            }
        }

        return false;
    }

    private ITerminalEdge[] Edges()
    {
        var now = time.GetUtcNow();
        foreach (var (edge, end) in edges)
        {
            if (end <= now)
            {
                edges.Remove(edge);
            }
        }

        return [.. edges.Keys];
    }

    private async Task<T> AskAsync<T>(ITerminalEdge edge, Func<ITerminalEdge, Task<T>> ask, T otherwise)
    {
        try
        {
            return await ask(edge).WaitAsync(EdgeLimit, time);
        }
        catch (Exception e)
        {
            // It renews if it lives.
            MailboxesLog.EdgeSilent(log, e);
            edges.Remove(edge);
            return otherwise;
        }
    }
}
