using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Imap;

public class MailboxViewTests
{
    private static MailboxView View() => new([new(2, 4), new(7, 7), new(10, 12)], modSeq: 5, recentFrom: 11);

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
        var update = view.Apply(Changes([new(3, 4), new(10, 11), new(15, 16)]), mayExpunge: true);
        Assert.Equal([7, 4, 1], update.Expunged);
        Assert.Equal(6, update.Exists);
        Assert.Equal(3, view.Recent);
        Assert.Equal(15u, view.UidOf(5));
    }

    [Fact]
    public void Messages_that_are_gone_keep_their_numbers_until_expunge_may_be_sent()
    {
        var view = View();
        var held = view.Apply(Changes([new(10, 12), new(15, 15)]), mayExpunge: false);
        Assert.Empty(held.Expunged);
        Assert.Equal(8, held.Exists);
        Assert.Equal(1, view.NumberOf(2));
        var told = view.Apply(Changes([new(10, 12), new(15, 15)]), mayExpunge: true);
        Assert.Equal([4, 3, 2, 1], told.Expunged);
        Assert.Null(told.Exists);
    }

    [Fact]
    public void Flags_are_passed_on_unless_the_client_knows_them()
    {
        var view = View();
        view.Tell(new(2, MessageFlags.Seen, 8));
        var update = view.Apply(Changes([new(2, 4), new(7, 7), new(10, 13)], new(2, MessageFlags.Seen, 8), new(3, MessageFlags.Flagged, 7), new(13, 0, 9)), true);
        Assert.Equal([3u], update.Flags.Select(message => message.Uid));
        Assert.Equal(9, view.ModSeq);
    }

    private static FolderChanges Changes(UidRange[] uids, params FlagsOfMessage[] flags) =>
        new() { ModSeq = 9, UidNext = 20, Uids = uids, Flags = flags, Keywords = [] };
}
