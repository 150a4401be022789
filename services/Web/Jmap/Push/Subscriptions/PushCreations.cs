using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>
/// How many push subscriptions accounts have made lately in this process (RFC 8620 §8.6). Each is one post to a URL that nobody has confirmed yet: without a bound an account that makes and
/// destroys them would have this server send as many requests as it likes to whom it likes.
/// </summary>
internal sealed class PushCreations
{
    /// <summary>Of one account within <see cref="Span"/>: thrice as many as it may have.</summary>
    public const int Most = 60;

    public static readonly TimeSpan Span = TimeSpan.FromHours(1);

    /// <summary>Accounts that are remembered, some 2 MB: those that make subscriptions within an hour.</summary>
    private const int MostAccounts = 20_000;

    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, (DateTimeOffset Since, int Count)> counts = [];

    /// <summary>False: the account has made too many, and may again when an hour has passed since the first of them.</summary>
    public bool TryAdd(AccountId account, DateTimeOffset now)
    {
        lock (gate)
        {
            if (!counts.TryGetValue(account, out var made) || made.Since + Span <= now)
            {
                made = (now, 0);
                Forget(now);
            }

            counts[account] = made with { Count = made.Count + 1 };
            return made.Count < Most;
        }
    }

    private void Forget(DateTimeOffset now)
    {
        if (counts.Count < MostAccounts)
        {
            return;
        }

        foreach (var account in counts.Where(made => made.Value.Since + Span <= now).Select(made => made.Key).ToArray())
        {
            counts.Remove(account);
        }

        // More than that many within an hour: nobody is refused for others' sake.
        if (counts.Count >= MostAccounts)
        {
            counts.Clear();
        }
    }
}
