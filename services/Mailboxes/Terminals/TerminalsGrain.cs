using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MailCloud.Mailboxes.Terminals;

/// <summary>Where a text for a live session goes. Nothing here is stored: what is shown nowhere, its sender files. It stays where it is: elsewhere it would know no edge until they renew.</summary>
[Reentrant, Immovable]
internal sealed class TerminalsGrain(TimeProvider time, ILogger<TerminalsGrain> log) : Grain, ITerminalsGrain
{
    /// <summary>Twice what an edge waits for its clients; an SMTP client at RCPT waits minutes (RFC 5321 §4.5.3.2.3).</summary>
    private static readonly TimeSpan EdgeLimit = TimeSpan.FromSeconds(10);

    private readonly AttachedEdges<ITerminalEdge> edges = new(EdgeLimit, time, log);

    public Task AttachAsync(ITerminalEdge edge)
    {
        edges.Attach(edge);
        return Task.CompletedTask;
    }

    public Task DetachAsync(ITerminalEdge edge)
    {
        edges.Detach(edge);
        return Task.CompletedTask;
    }

    public async Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts)
    {
        var live = await Task.WhenAll(edges.Ask<IReadOnlyList<AccountId>>(edge => edge.FindLiveAsync(accounts), []));
        return live.SelectMany(found => found).Distinct().ToArray();
    }

    public async Task<bool> ShowAsync(AccountId account, string text)
    {
        await foreach (var shown in Task.WhenEach(edges.Ask(edge => edge.ShowAsync(account, text), false)))
        {
            if (await shown)
            {
                return true;
            }
        }

        return false;
    }
}
