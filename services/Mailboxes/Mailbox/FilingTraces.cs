using System.Diagnostics;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>The traces of the messages that were filed since edges were told last: telling them is part of these. One notice is of several messages; the span is of the first one's trace, and linked to the others'.</summary>
internal sealed class FilingTraces
{
    private const string Name = "MailCloud.Mailboxes";

    /// <summary>Of one notice: more messages than that come together only where many senders write to one mailbox.</summary>
    private const int Most = 32;

    private static readonly ActivitySource activities = new(Name);

    private readonly List<ActivityContext> filed = [];

    /// <summary>The call that runs has filed a message.</summary>
    public void Add()
    {
        if (Activity.Current is { Recorded: true } call && filed.Count < Most)
        {
            filed.Add(call.Context);
        }
    }

    /// <summary>A span for one notice of all that was filed until now, null when none of it is traced.</summary>
    public Activity? StartNotice()
    {
        if (filed.Count == 0)
        {
            return null;
        }

        var links = filed.Skip(1).Select(context => new ActivityLink(context)).ToArray();
        var activity = activities.StartActivity("mailbox.notify", ActivityKind.Internal, filed[0], links: links);
        filed.Clear();
        return activity;
    }
}
