using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Golden.Tests;

/// <summary>
/// What a silo of the release before did to a mailbox in between, as its events stand in the journal: it does not know what JMAP needs. Who asks for changes is told what is right, or that it is not known.
/// </summary>
public sealed class PreviousReleaseTests
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void A_chunk_of_a_deleted_folder_that_it_read_is_not_told_to_who_was_here_before()
    {
        var state = MailboxState.From(Manifest with { Discards = [new("rows", [new(1, 9)])] });
        Assert.True(state.KnowsEmailsSince(14));

        var read = Oldest<DiscardRead>();
        Assert.Equal(0, read.ModSeq);
        state.Apply(read);
        Assert.Empty(state.Bodies.Discards);

        // It raised no modseq: who has the mailbox's may have asked before.
        Assert.False(state.KnowsEmailsSince(14));
        var since = state.ModSeq + 1;
        state.Apply(FoldersRenamed.Nothing(since, DateTimeOffset.UnixEpoch));
        Assert.True(state.KnowsEmailsSince(since));
        Assert.False(MailboxState.From(state.ToManifest([])).KnowsEmailsSince(since - 1));
    }

    [Fact]
    public void What_it_moved_is_not_told_as_changed_to_who_does_not_know_that_it_came()
    {
        var copied = Oldest<MessagesCopied>();
        Assert.Equal((0ul, 0L), (copied.Messages[0].Row.Thread, copied.Messages[0].Row.CreatedModSeq));
        var state = Filed(copied);
        state.Apply(copied);

        Assert.False(state.KnowsEmailsSince(copied.ModSeq - 1));
        Assert.True(state.KnowsEmailsSince(copied.ModSeq));

        var today = Samples.All.OfType<MessagesCopied>().Single();
        state = Filed(today);
        state.Apply(today);
        Assert.True(state.KnowsEmailsSince(today.ModSeq - 1));
    }

    [Fact]
    public void What_it_expunged_has_left_with_a_thread_that_is_not_known()
    {
        var expunged = Oldest<MessagesExpunged>();
        var state = Filed(Oldest<MessagesCopied>());
        state.Apply(expunged);

        var departed = Assert.Single(state.Departures.Recent);
        Assert.Equal((expunged.Messages[0].Body, 0ul, expunged.ModSeq, true), (departed.Email, departed.Thread, departed.ModSeq, departed.Gone));
        Assert.True(state.KnowsEmailsSince(expunged.ModSeq - 1));
    }

    [Fact]
    public void A_subscription_that_it_changed_is_not_told_to_who_was_here_before()
    {
        var state = MailboxState.From(Manifest);
        var changed = Oldest<SubscriptionChanged>() with { Name = "INBOX", Subscribed = false };
        Assert.Equal(0, changed.ModSeq);
        state.Apply(changed);

        Assert.False(state.KnowsFoldersSince(14));
        Assert.True(state.KnowsEmailsSince(14));
        state.Apply(FoldersRenamed.Nothing(15, DateTimeOffset.UnixEpoch));
        Assert.True(state.KnowsFoldersSince(15));
    }

    // Of a mailbox of this build, at modseq 14.
    private static MailboxManifest Manifest
    {
        get
        {
            var state = new MailboxState();
            state.Apply(new MailboxCreated { QuotaBytes = 0, Folders = [new("Target", null)], UidValidity = 1 });
            state.Apply(FoldersRenamed.Nothing(14, DateTimeOffset.UnixEpoch));
            return state.ToManifest([]);
        }
    }

    /// <summary>A mailbox that has the messages to copy.</summary>
    private static MailboxState Filed(MessagesCopied copied)
    {
        var state = MailboxState.From(Manifest);
        state.Apply(new MessageFiled { FolderId = 1, Row = copied.Messages[0].Row with { Uid = copied.Sources[0].First }, ModSeq = 15, Delivery = new(copied.Messages[0].Row.Body), Content = default });
        return state;
    }

    private static T Oldest<T>()
        where T : MailboxEvent => (T)Serializer.Decode<MailboxEvent>(File.ReadAllBytes(GoldenTests.FilesOf(typeof(T).Name)[0]));
}
