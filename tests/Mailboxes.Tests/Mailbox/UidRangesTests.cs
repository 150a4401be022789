using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Tests.Mailbox;

public sealed class UidRangesTests
{
    [Fact]
    public void Ascending_uids_become_the_fewest_ranges() =>
        Assert.Equal([new UidRange(1, 3), new(5, 5), new(7, 8)], UidRanges.From([1, 2, 3, 5, 7, 8]));

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void Membership(uint uid, bool contained) => Assert.Equal(contained, UidRanges.Contains([new(1, 3), new(5, 5), new(7, 8)], uid));

    [Fact]
    public void Counting_from_a_uid_counts_parts_of_ranges() => Assert.Equal(3, UidRanges.CountFrom([new(1, 3), new(5, 5), new(7, 8)], 5));
}
