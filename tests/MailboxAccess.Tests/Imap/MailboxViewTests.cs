using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Imap;

public class MailboxViewTests
{
    private static MailboxView View() => new([new(2, 4), new(7, 7), new(10, 12)], uidNext: 13, modSeq: 5, highestModSeq: 5, recentFrom: 11);

    [Theory]
    [InlineData(1, 2u)]
    [InlineData(3, 4u)]
    [InlineData(4, 7u)]
    [InlineData(5, 10u)]
    [InlineData(7, 12u)]
    public void Numbers_and_uids_stand_for_each_other(int number, uint uid)
    {
        Assert.Equal(uid, View().UidOf(number));
        Assert.Equal(number, View().NumberOf(uid));
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(5u)]
    [InlineData(13u)]
    public void A_uid_without_message_has_no_number(uint uid) => Assert.Equal(0, View().NumberOf(uid));

    [Theory]
    [InlineData("1:*", false, "2-4 7-7 10-12")]
    [InlineData("*", false, "12-12")]
    [InlineData("5:3", false, "4-4 7-7 10-10")]
    [InlineData("2,1", false, "2-3")]
    [InlineData("3:8", true, "3-4 7-7")]
    [InlineData("100:*", true, "12-12")] // RFC 3501 §6.4.8: always includes the last message
    [InlineData("5:6", true, "")]
    public void Sets_name_messages(string set, bool byUid, string expected)
    {
        var reader = new ImapReader(System.Text.Encoding.ASCII.GetBytes(set));
        var selected = View().Select(reader.SequenceSet(), byUid);
        Assert.Equal(expected, string.Join(' ', selected.Select(range => $"{range.First}-{range.Last}")));
    }

    [Fact]
    public void A_number_above_the_count_is_refused() =>
        Assert.Throws<ImapSyntaxException>(() => View().Select(new([new(8, 8)]), byUid: false));

    [Fact]
    public void Expunges_go_from_the_end_and_new_messages_follow()
    {
        var view = View();
        var update = view.Apply(Changes(expunged: "2,7,12", arrived: "15:16", uidNext: 17), mayExpunge: true);
        Assert.Equal([7, 4, 1], update.Expunged);
        Assert.Equal("2,7,12", SequenceSet.Write(update.Vanished));
        Assert.Equal(6, update.Exists);
        Assert.Equal(15u, view.UidOf(5));
        Assert.Equal("3:4,10:11,15:16", SequenceSet.Write(view.All));
    }

    [Fact]
    public void Messages_that_are_gone_keep_their_numbers_until_expunge_may_be_sent()
    {
        var view = View();
        var held = view.Apply(Changes(expunged: "2:4,7", arrived: "15", uidNext: 16), mayExpunge: false);
        Assert.Empty(held.Expunged);
        Assert.Equal(8, held.Exists);
        Assert.Equal(1, view.NumberOf(2));
        Assert.True(view.HoldsExpunges);

        // The next answers begin where this one ended: what is held is neither forgotten nor asked for again.
        var more = view.Apply(Changes(expunged: "11", modSeq: 10, uidNext: 16), mayExpunge: false);
        Assert.Empty(more.Expunged);
        var told = view.Apply(Changes(modSeq: 10, uidNext: 16), mayExpunge: true);
        Assert.Equal([6, 4, 3, 2, 1], told.Expunged);
        Assert.Null(told.Exists);
        Assert.False(view.HoldsExpunges);
        Assert.Empty(view.Apply(Changes(modSeq: 11, uidNext: 16), mayExpunge: true).Expunged);
        Assert.Equal("10,12,15", SequenceSet.Write(view.All));
    }

    [Fact]
    public void An_answer_that_names_an_expunge_again_does_not_double_it()
    {
        var view = View();
        view.Apply(Changes(expunged: "3"), mayExpunge: false);
        Assert.Equal([2], view.Apply(Changes(expunged: "3"), mayExpunge: true).Expunged);
        Assert.Empty(view.Apply(Changes(expunged: "3"), mayExpunge: true).Expunged);
    }

    [Fact]
    public void What_came_and_went_between_two_answers_never_appears()
    {
        var view = View();
        var update = view.Apply(Changes(expunged: "13:14,16", arrived: "15,17", uidNext: 18), mayExpunge: true);
        Assert.Empty(update.Expunged);
        Assert.Empty(update.Vanished);
        Assert.Equal(9, update.Exists);
        Assert.Equal(0, view.NumberOf(16));
        Assert.Null(view.Apply(Changes(arrived: "15,17", uidNext: 18), mayExpunge: true).Exists);
    }

    [Fact]
    public void Recent_messages_are_those_of_each_answer()
    {
        var view = View();
        Assert.Equal(2, view.Recent);
        view.Apply(Changes(arrived: "13:16", uidNext: 17, recentFrom: 15), mayExpunge: true);
        view.Apply(Changes(arrived: "17:18", uidNext: 19), mayExpunge: true);
        view.Apply(Changes(expunged: "11,15", arrived: "20", uidNext: 21, recentFrom: 19), mayExpunge: true);
        Assert.Equal([12u, 16, 20], view.All.SelectMany(Uids).Where(view.IsRecent));
        Assert.Equal(3, view.Recent);
    }

    [Fact]
    public void Flags_are_passed_on_unless_the_client_knows_them()
    {
        var view = View();
        view.Tell(new(2, MessageFlags.Seen, 8));
        view.Tell(new(4, MessageFlags.Seen, 8));
        var update = view.Apply(
            Changes(arrived: "13", uidNext: 14, flags: [new(2, MessageFlags.Seen, 8), new(3, MessageFlags.Flagged, 7), new(4, 0, 9), new(13, 0, 9)]), true);
        Assert.Equal([3u, 4u], update.Flags.Select(message => message.Uid));
        Assert.Equal(9, view.ModSeq);
        Assert.Equal([2u], view.Apply(Changes(modSeq: 10, uidNext: 14, flags: [new(2, 0, 10)]), true).Flags.Select(message => message.Uid));
    }

    [Fact]
    public void The_highest_modseq_stays_below_an_expunge_that_is_held_back()
    {
        var view = View();
        view.Apply(Changes(modSeq: 9), mayExpunge: true);
        view.Apply(Changes(expunged: "3", modSeq: 12), mayExpunge: false);
        view.Apply(Changes(modSeq: 14), mayExpunge: false);
        Assert.Equal((14, 9), (view.ModSeq, view.HighestModSeq));
        view.Apply(Changes(modSeq: 14), mayExpunge: true);
        Assert.Equal(14, view.HighestModSeq);
    }

    [Fact]
    public void A_folder_with_many_gaps_is_counted_as_one_without()
    {
        var view = new MailboxView([.. Enumerable.Range(1, 1000).Select(i => new UidRange((uint)i * 2, (uint)i * 2))], 2001, 5, 5, uint.MaxValue);
        view.Apply(Changes(arrived: "2001:2003,2005", uidNext: 2006), mayExpunge: true);
        Assert.Equal(1004, view.Count);
        Assert.Equal(Enumerable.Range(1, 1004), Enumerable.Range(1, 1004).Select(number => view.NumberOf(view.UidOf(number))));
    }

    private static IEnumerable<uint> Uids(UidRange range) => Enumerable.Range((int)range.First, range.Count).Select(uid => (uint)uid);

    private static FolderChanges Changes(
        string expunged = "", string arrived = "", long modSeq = 9, uint uidNext = 13, uint recentFrom = uint.MaxValue, FlagsOfMessage[]? flags = null) => new()
        {
            ModSeq = modSeq,
            HighestModSeq = modSeq,
            UidNext = uidNext,
            Expunged = Ranges(expunged),
            Arrived = Ranges(arrived),
            RecentFrom = recentFrom,
            Flags = flags ?? [],
            Keywords = [],
        };

    private static UidRange[] Ranges(string set) =>
        set.Length == 0 ? [] : new ImapReader(System.Text.Encoding.ASCII.GetBytes(set)).SequenceSet().ToUids(uint.MaxValue);
}
