using System.Collections.Concurrent;
using System.Net;
using MailCloud.Credentials.Guessing;

namespace MailCloud.Web.Jmap.Access;

/// <summary>
/// How many tokens of issuers were refused, or could not be checked, in a minute, by the client's network. Nobody guesses a signature, so that no account is protected by this; but each such token
/// costs its check and calls of the directory, and a request has no connection on which failures would count, as mail protocols have. Who shows a token that was good before is not asked.
/// </summary>
internal sealed class FailedTokens(TimeProvider time)
{
    /// <summary>In <see cref="Period"/>: programs that go on with a token that has ended are far below.</summary>
    public const int Most = 60;

    /// <summary>Some 3 MB. When it is full it is emptied.</summary>
    private const int MaxKept = 20_000;

    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPNetwork, (long Since, int Count)> failures = new();

    public bool MayTry(IPAddress client) => !failures.TryGetValue(ClientNetwork.Of(client).Host, out var seen) || seen.Count < Most || time.GetElapsedTime(seen.Since) >= Period;

    public void Add(IPAddress client)
    {
        if (failures.Count >= MaxKept)
        {
            failures.Clear();
        }

        var now = time.GetTimestamp();
        failures.AddOrUpdate(ClientNetwork.Of(client).Host, (now, 1), (_, seen) => time.GetElapsedTime(seen.Since) >= Period ? (now, 1) : (seen.Since, seen.Count + 1));
    }
}
