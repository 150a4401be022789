using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Imap;

public class UidRangesTests
{
    [Theory]
    [InlineData("1:10", "3:4,9", "3:4,9", "1:2,5:8,10", "1:10")]
    [InlineData("3:4,9", "1:10", "3:4,9", "", "1:10")]
    [InlineData("1,3,5", "2,4", "", "1,3,5", "1:5")]
    [InlineData("1:3,7:9", "2:8", "2:3,7:8", "1,9", "1:9")]
    [InlineData("", "2:8", "", "", "2:8")]
    [InlineData("2:8", "", "", "2:8", "2:8")]
    [InlineData("5:6", "1:2,9", "", "5:6", "1:2,5:6,9")]
    [InlineData("4294967290:4294967294", "4294967294", "4294967294", "4294967290:4294967293", "4294967290:4294967294")]
    public void Sets_are_combined(string left, string right, string both, string without, string either)
    {
        var (a, b) = (Parse(left), Parse(right));
        Assert.Equal(both, SequenceSet.Write(UidRanges.Intersect(a, b)));
        Assert.Equal(without, SequenceSet.Write(UidRanges.Except(a, b)));
        Assert.Equal(either, SequenceSet.Write(UidRanges.Union(a, b)));
        Assert.All(UidRanges.Intersect(a, b), range => Assert.True(UidRanges.Contains(a, range.First) && UidRanges.Contains(b, range.Last)));
    }

    private static UidRange[] Parse(string set) =>
        set.Length == 0 ? [] : new ImapReader(System.Text.Encoding.ASCII.GetBytes(set)).SequenceSet().ToUids(uint.MaxValue);
}
