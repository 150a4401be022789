using System.Globalization;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Quotas;

namespace MailCloud.Web.Jmap.Push;

/// <summary>The states of all that an account has, at one moment. Null: not known, of which nothing is told.</summary>
/// <param name="ModSeq">Of the mailbox, which is the state of all that is in it.</param>
/// <param name="Delivered">The same when a new Email was last seen to be there.</param>
/// <param name="Quota">Of the mailbox.</param>
/// <param name="Sent">Of identities and submissions.</param>
/// <param name="Vacation">Of the vacation response.</param>
internal sealed record AccountStates(long ModSeq, long Delivered, AccountQuota? Quota = null, SubmissionStates? Sent = null, long? Vacation = null)
{
    /// <summary>No account has them: to who knows these everything has changed.</summary>
    public static readonly AccountStates Unknown = new(-1, -1);

    private const char Separator = '.';

    /// <summary>Of all accounts without a limit: how much these have is nothing to tell.</summary>
    private static readonly AccountQuota noQuota = new(0, 0);

    /// <summary>
    /// Each type of which clients are told, and its state (RFC 8620 §7.1, RFC 8621 §1.5, RFC 9425 §4). A type whose state is not the mailbox's adds a member to this record, a line here, and what
    /// reads it to <see cref="AccountFeed"/>.
    /// </summary>
    private static readonly (string Type, Func<AccountStates, string?> Of)[] all =
    [
        ("Email", states => JmapState.Text(states.ModSeq)),
        ("EmailDelivery", states => JmapState.Text(states.Delivered)),
        ("EmailSubmission", states => Text(states.Sent?.Submissions)),
        ("Identity", states => Text(states.Sent?.Identities)),
        ("Mailbox", states => JmapState.Text(states.ModSeq)),
        ("Quota", states => states.Quota is { Exists: false } ? noQuota.State : states.Quota?.State),
        ("Thread", states => JmapState.Text(states.ModSeq)),
        ("VacationResponse", states => Text(states.Vacation)),
    ];

    /// <summary>Names this moment to a client that comes back (Last-Event-ID, and pushState of RFC 8887 §4.3.5.2).</summary>
    public string Id => string.Join(Separator, JmapState.Text(ModSeq), Quota?.State, Text(Sent?.Identities), Text(Sent?.Submissions), Text(Vacation));

    /// <summary>Whether clients are told of a type: of whatever else they ask for nothing need be remembered.</summary>
    public static bool HasType(string name) => all.Any(type => type.Type == name);

    /// <summary>Whether it is an <see cref="Id"/>. When Emails came last it does not say.</summary>
    public static bool TryParse(string id, out AccountStates states)
    {
        states = Unknown;
        var parts = id.Split(Separator, 6);
        if (parts.Length != 5 || !JmapState.TryParse(parts[0], out long modSeq))
        {
            return false;
        }

        var sent = Number(parts[2]) is { } identities && Number(parts[3]) is { } submissions ? new SubmissionStates(identities, submissions) : (SubmissionStates?)null;
        states = new(modSeq, Unknown.Delivered, AccountQuota.OfState(parts[1]), sent, Number(parts[4]));
        return true;
    }

    /// <summary>A StateChange object of what is not as it was; null when everything is.</summary>
    /// <param name="types">Only these; null: all.</param>
    public JsonObject? ChangeFrom(AccountStates told, string accountKey, IReadOnlySet<string>? types)
    {
        var changed = new JsonObject();
        foreach (var (type, of) in all)
        {
            if (of(this) is { } state && state != of(told) && types?.Contains(type) != false)
            {
                changed[type] = state;
            }
        }

        return changed.Count == 0 ? null : new() { ["@type"] = "StateChange", ["changed"] = new JsonObject { [accountKey] = changed } };
    }

    private static string? Text(long? state) => state is { } known ? JmapState.Text(known) : null;

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
