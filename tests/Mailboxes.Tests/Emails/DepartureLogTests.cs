using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>What is remembered of Emails and folders that left is bounded, and it is known from where on it is whole.</summary>
public sealed class DepartureLogTests
{
    [Fact]
    public void Few_departures_ride_in_the_manifest()
    {
        var log = new DepartureLog();
        Depart(log, 1, 255);
        Assert.Null(log.Seal(() => "segment"));
        Depart(log, 256, 1);
        var segment = log.Seal(() => "segment")!;
        Assert.Equal(256, segment.LastModSeq);
        Assert.Equal(256, segment.Unwritten!.Emails.Length);
        Assert.Empty(log.Recent);
    }

    [Fact]
    public void The_oldest_segments_are_forgotten()
    {
        var log = new DepartureLog();
        for (var i = 0; i < 202; i++)
        {
            Depart(log, (i * 1000) + 1, 300);
            log.Seal(() => $"segment-{i}");
        }

        Assert.Equal(200, log.Segments.Length);
        Assert.Equal("segment-2", log.Segments[0].Blob);
        Assert.Equal(1300, log.KnownFrom);
    }

    [Fact]
    public void The_oldest_folders_are_forgotten()
    {
        var folders = new DeletedFolders();
        for (var i = 1; i <= 1002; i++)
        {
            folders.Add(new(i, i, i + 10));
        }

        Assert.Equal(1000, folders.All.Count);
        Assert.Equal(12, folders.Forgotten);
    }

    [Fact]
    public void A_modseq_that_a_restore_undid_is_not_known()
    {
        var state = new MailboxState();
        state.Apply(new MailboxCreated { QuotaBytes = 0, Folders = [], UidValidity = 1 });
        state.Apply(new FolderCreated { FolderId = 2, Name = "a", SpecialUse = null, UidValidity = 2, Operation = Guid.NewGuid(), At = DateTimeOffset.UnixEpoch, ModSeq = 5 });
        state.Apply(new MailboxRestored { At = DateTimeOffset.UnixEpoch, UidGap = 10, ModSeqGap = 1000 });
        Assert.Equal(
            [(4, true), (5, true), (6, false), (1004, false), (1005, true), (1006, false)],
            new long[] { 4, 5, 6, 1004, 1005, 1006 }.Select(modSeq => ((int)modSeq, state.KnowsEmailsSince(modSeq) && state.KnowsFoldersSince(modSeq))));
    }

    private static void Depart(DepartureLog log, long firstModSeq, int count)
    {
        for (var i = 0; i < count; i++)
        {
            log.Add(new(Guid.NewGuid(), 1, 1, firstModSeq + i, Gone: true));
        }
    }
}
