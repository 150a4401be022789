using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Terminals;

/// <summary>One session as a terminal (RFC 821 §3.4): notices wait here until the session may write them. While there are none it is a few words of memory.</summary>
internal sealed class Terminal(AccountId account)
{
    /// <summary>A client that idles takes them at once; of one that gives no commands for long the last ones are the ones worth reading.</summary>
    private const int MaxWaiting = 10;

    private readonly Lock gate = new();
    private Queue<Notice>? waiting;
    private TaskCompletionSource? wake;
    private int dropped;
    private bool isEnded;

    public AccountId Account => account;

    /// <summary>Ends when there is a notice to write.</summary>
    public Task Next
    {
        get
        {
            lock (gate)
            {
                return waiting is { Count: > 0 } ? Task.CompletedTask : (wake ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    public void Add(Notice notice)
    {
        lock (gate)
        {
            if (isEnded)
            {
                notice.Settle(false);
                return;
            }

            waiting ??= [];
            waiting.Enqueue(notice);
            if (waiting.Count > MaxWaiting)
            {
                waiting.Dequeue().Settle(false);
                dropped++;
            }

            wake?.SetResult();
            wake = null;
        }
    }

    /// <summary>What waits, the oldest first, and how many older ones had no room. Who takes a notice settles it.</summary>
    public bool TryTake(out IReadOnlyCollection<Notice> notices, out int older)
    {
        lock (gate)
        {
            (notices, older) = (waiting ?? [], dropped);
            (waiting, dropped) = (null, 0);
            return notices.Count > 0;
        }
    }

    /// <summary>The session is over: nothing is shown here any more.</summary>
    public void End()
    {
        lock (gate)
        {
            isEnded = true;
        }

        TryTake(out var notices, out _);
        foreach (var notice in notices)
        {
            notice.Settle(false);
        }
    }
}
