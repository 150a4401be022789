using MailCloud.Mailboxes.Emails;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>What mailboxes keep of conversations stays within its room.</summary>
public sealed class ThreadRoomTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void What_was_asked_for_least_recently_goes_first()
    {
        using var room = new ThreadRoom(time, maxOctets: 100);
        var (first, second, third) = (new ThreadRoom.Kept<string>(room), new ThreadRoom.Kept<string>(room), new ThreadRoom.Kept<string>(room));
        first.Set("first", 40);
        second.Set("second", 40);
        Assert.Equal("first", first.Get());
        third.Set("third", 40);
        Assert.Null(second.Get());
        Assert.Equal(("first", "third", 80L), (first.Get(), third.Get(), room.Octets));
        first.Set("larger", 90);
        Assert.Null(third.Seen);
        first.Drop();
        Assert.Equal((null, 0L), (first.Get(), room.Octets));
    }

    [Fact]
    public void What_is_larger_than_the_room_is_there_alone()
    {
        using var room = new ThreadRoom(time, maxOctets: 100);
        var (small, large) = (new ThreadRoom.Kept<string>(room), new ThreadRoom.Kept<string>(room));
        small.Set("small", 1);
        large.Set("large", 1000);
        Assert.Equal((null, "large"), (small.Get(), large.Get()));
    }

    [Fact]
    public void What_nobody_asks_for_goes()
    {
        using var room = new ThreadRoom(time);
        var (used, unused) = (new ThreadRoom.Kept<string>(room), new ThreadRoom.Kept<string>(room));
        used.Set("used", 1);
        unused.Set("unused", 1);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.NotNull(used.Get());
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(("used", null, 1L), (used.Seen, unused.Seen, room.Octets));
        time.Advance(TimeSpan.FromMinutes(20));
        Assert.Null(used.Seen);
    }
}
