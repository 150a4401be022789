using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Cluster.Tests;

public sealed class MembershipViewTests
{
    private readonly FakeTimeProvider time = new();
    private readonly MembershipView view;

    public MembershipViewTests() => view = new(time);

    [Fact]
    public void A_silo_whose_row_is_missing_for_30_seconds_is_outside()
    {
        After(0, () => view.Read(7, hasSelf: true));
        After(5, () => view.Read(7, hasSelf: false));
        After(29, () => view.Read(7, hasSelf: false));
        Assert.Equal(Standing.Member, view.Standing);
        After(1, () => view.Read(7, hasSelf: false));
        Assert.Equal(Standing.Outside, view.Standing);
    }

    [Fact]
    public void A_row_that_comes_back_in_time_is_no_reason()
    {
        After(0, () => view.Read(7, hasSelf: false));
        After(20, () => view.Read(8, hasSelf: true));
        After(20, () => view.Read(8, hasSelf: false));
        Assert.Equal(Standing.Member, view.Standing);
    }

    [Fact]
    public void A_table_older_than_one_seen_is_another_one()
    {
        After(0, () => view.Read(7, hasSelf: true));
        After(5, () => view.Read(6, hasSelf: true));
        After(30, () => view.Read(6, hasSelf: true));
        Assert.Equal(Standing.Outside, view.Standing);
    }

    [Fact]
    public void A_table_that_is_gone_is_as_strange_as_one_without_the_row()
    {
        After(0, view.Missing);
        After(20, () => view.Read(1, hasSelf: false));
        After(10, view.Missing);
        Assert.Equal(Standing.Outside, view.Standing);
    }

    [Fact]
    public void A_table_that_cannot_be_read_leaves_a_silo_alive_but_not_ready()
    {
        After(0, () => view.Read(7, hasSelf: true));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(Standing.Member, view.Standing);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(Standing.Unknown, view.Standing);
        view.Read(7, hasSelf: true);
        Assert.Equal(Standing.Member, view.Standing);
    }

    private void After(int seconds, Action look)
    {
        time.Advance(TimeSpan.FromSeconds(seconds));
        look();
    }
}
