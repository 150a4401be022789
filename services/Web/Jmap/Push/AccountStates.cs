using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Push;

/// <summary>The states of all that an account has, at one moment.</summary>
/// <param name="ModSeq">Of the mailbox, which is the state of all that is in it.</param>
/// <param name="Delivered">The same when a new Email was last seen to be there.</param>
internal sealed record AccountStates(long ModSeq, long Delivered)
{
    /// <summary>No account has them: to who knows these everything has changed.</summary>
    public static readonly AccountStates Unknown = new(-1, -1);

    /// <summary>
    /// Each type of which clients are told, and its state (RFC 8620 §7.1, RFC 8621 §1.5). A type whose state is not the mailbox's adds a member to this record, a line here, and what reads it to
    /// <see cref="AccountFeed"/>.
    /// </summary>
    private static readonly (string Type, Func<AccountStates, string> Of)[] all =
    [
        ("Email", states => JmapState.Text(states.ModSeq)),
        ("EmailDelivery", states => JmapState.Text(states.Delivered)),
        ("Mailbox", states => JmapState.Text(states.ModSeq)),
        ("Thread", states => JmapState.Text(states.ModSeq)),
    ];

    /// <summary>Names this moment to a client that comes back (Last-Event-ID, and pushState of RFC 8887 §4.3.5.2).</summary>
    public string Id => JmapState.Text(ModSeq);

    /// <summary>A StateChange object of what is not as it was; null when everything is.</summary>
    /// <param name="types">Only these; null: all.</param>
    public JsonObject? ChangeFrom(AccountStates told, string accountKey, IReadOnlySet<string>? types)
    {
        var changed = new JsonObject();
        foreach (var (type, of) in all)
        {
            if (of(this) != of(told) && types?.Contains(type) != false)
            {
                changed[type] = of(this);
            }
        }

        return changed.Count == 0 ? null : new() { ["@type"] = "StateChange", ["changed"] = new JsonObject { [accountKey] = changed } };
    }
}
