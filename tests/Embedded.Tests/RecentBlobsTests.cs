using System.Buffers;
using MailCloud.Embedded.Blobs;

namespace MailCloud.Embedded.Tests;

public sealed class RecentBlobsTests
{
    private readonly RecentBlobs recent = new();

    [Theory]
    [InlineData(0, null, "0123456789")]
    [InlineData(3, null, "3456789")]
    [InlineData(3, 4L, "3456")]
    [InlineData(8, 100L, "89")]
    [InlineData(10, null, "")]
    [InlineData(11, 1L, "")]
    public void A_part_is_cut_to_what_there_is(long offset, long? length, string part)
    {
        Add("a", "0123456789");
        Assert.True(recent.TryRead("a", offset, length, out var bytes));
        Assert.Equal(part, System.Text.Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void The_oldest_are_forgotten_when_there_are_many()
    {
        foreach (var i in Enumerable.Range(0, 2000))
        {
            Add($"blob {i}", $"{i}", octets: 8192);
        }

        Assert.False(recent.TryRead("blob 0", 0, null, out _));
        Assert.False(recent.TryRead("blob 975", 0, null, out _));
        Assert.True(recent.TryRead("blob 976", 0, null, out var bytes));
        Assert.Equal("976"u8, bytes);
        Assert.True(recent.TryRead("blob 1999", 0, null, out _));
    }

    [Fact]
    public void The_turn_of_one_that_was_deleted_takes_nothing_from_its_successor()
    {
        Add("a", "first", octets: 8192);
        recent.Remove("a");
        Assert.False(recent.TryRead("a", 0, null, out _));
        foreach (var i in Enumerable.Range(0, 500))
        {
            Add($"blob {i}", "", octets: 8192);
        }

        Add("a", "second", octets: 8192);
        foreach (var i in Enumerable.Range(500, 600))
        {
            Add($"blob {i}", "", octets: 8192);
        }

        Assert.False(recent.TryRead("blob 0", 0, null, out _));
        Assert.True(recent.TryRead("a", 0, null, out var bytes));
        Assert.Equal("second"u8, bytes);
    }

    [Fact]
    public void The_first_of_a_name_stays()
    {
        Add("a", "first");
        Add("a", "second");
        Assert.True(recent.TryRead("a", 0, null, out var bytes));
        Assert.Equal("first"u8, bytes);
    }

    private void Add(string name, string content, int octets = 16)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(octets);
        recent.Add(name, buffer, System.Text.Encoding.ASCII.GetBytes(content, buffer));
    }
}
