using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>What a silo of the release before answers has no threads: they are those that a silo of this one has.</summary>
public sealed class ThreadedPagesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Threads_follow_from_the_contents(bool keepContent)
    {
        var (first, reply, known) = (Message("<a@x>", null), Message("<b@x>", "<a@x>"), Message("<c@x>", null) with { Thread = 7 });
        var page = new MessagePage { Messages = [first, reply, known], NextUid = 9, Keywords = ["$Forwarded"], HighestModSeq = 5 };
        Assert.False(ThreadedPages.HasThreads(page));

        var threaded = ThreadedPages.WithThreads(page, keepContent);
        Assert.True(ThreadedPages.HasThreads(threaded));
        Assert.Equal(ThreadId.Of(first.Content!.Summary, MessageObjectIds.BodyOf(first)), threaded.Messages[0].Thread);
        Assert.Equal(threaded.Messages[0].Thread, threaded.Messages[1].Thread);
        Assert.Equal(7ul, threaded.Messages[2].Thread);
        Assert.All(threaded.Messages, message => Assert.Equal(keepContent, message.Content is not null));
        Assert.Equal((9u, 5), (threaded.NextUid, threaded.HighestModSeq));
    }

    private static FetchedMessage Message(string id, string? inReplyTo) => new()
    {
        Uid = 1,
        Flags = MessageFlags.None,
        ModSeq = 1,
        InternalDate = DateTimeOffset.UnixEpoch,
        Size = 100,
        Body = new(BodyRef.NameFor(new("demo"), DeliveryId.New(DateTimeOffset.UnixEpoch)), 100),
        Content = new([], new()
        {
            Envelope = new() { Subject = "Lunch", MessageId = id, InReplyTo = inReplyTo },
            Structure = new() { Type = "TEXT", Subtype = "PLAIN", BodyLength = 100 },
        }),
    };
}
