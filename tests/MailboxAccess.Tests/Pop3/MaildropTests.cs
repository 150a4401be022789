using MailCloud.MailboxAccess.Pop3;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Pop3;

public sealed class MaildropTests
{
    [Fact]
    public void Marks_count_and_are_taken_back()
    {
        var maildrop = new Maildrop(1, 0x1234, [2, 3, 7], [10, 20, 30]);
        Assert.Equal((3, 3, 60L), (maildrop.Last, maildrop.Left, maildrop.OctetsLeft));
        Assert.Equal("0000000300001234", maildrop.UniqueId(2));
        maildrop.Delete(1);
        maildrop.Delete(2);
        Assert.Equal((3, 1, 30L), (maildrop.Last, maildrop.Left, maildrop.OctetsLeft));
        Assert.Equal([3], maildrop.Numbers());
        Assert.Equal([new UidRange(2, 3)], maildrop.DeletedUids());
        Assert.False(maildrop.Has(0) || maildrop.Has(4));
        maildrop.Reset();
        Assert.Equal((3, 3, 60L), (maildrop.Last, maildrop.Left, maildrop.OctetsLeft));
        Assert.Empty(maildrop.DeletedUids());
    }
}
