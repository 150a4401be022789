using System.Text;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>Apart from other tests: it looks at the whole process's memory.</summary>
[CollectionDefinition(nameof(HeaderSectionTests), DisableParallelization = true)]
[Collection(nameof(HeaderSectionTests))]
public sealed class HeaderSectionTests
{
    /// <summary>What a session holds of a message does not depend on it: not on how many fields of different names it has either.</summary>
    [Fact]
    public void A_million_names_are_not_remembered()
    {
        var header = new HeaderSection(new EmailAddress("alice", "example.test"), "<id@example.test>", DateTimeOffset.UnixEpoch);
        header.Take(Encoding.ASCII.GetBytes("From: alice@example.test\r\n"));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 1_000_000; i++)
        {
            header.Take(Encoding.ASCII.GetBytes($"X-{i}: y\r\n"));
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 1_000_000);
        var end = Encoding.ASCII.GetString(header.Take(Encoding.ASCII.GetBytes("\r\n")).Span);
        Assert.DoesNotContain("From:", end, StringComparison.Ordinal);
        Assert.Contains("Message-ID: <id@example.test>", end, StringComparison.Ordinal);
    }

    /// <summary>An originator that is too long is kept to the same octet whether it came at once or in pieces, and so are the commas between repeated ones.</summary>
    [Theory]
    [InlineData("Resent-From:")]
    [InlineData("From:\r\nFrom:")]
    public void A_long_originator_is_seen_alike_in_one_piece_and_in_many(string field)
    {
        var octets = Encoding.ASCII.GetBytes($"{field}{new string('x', 20_000)}\r\nFrom:y\r\n\r\n");
        var whole = new HeaderSection(new EmailAddress("alice", "example.test"), "<id@example.test>", DateTimeOffset.UnixEpoch);
        var cut = new HeaderSection(new EmailAddress("alice", "example.test"), "<id@example.test>", DateTimeOffset.UnixEpoch);

        whole.Take(octets);
        foreach (var octet in octets)
        {
            cut.Take(new[] { octet });
        }

        Assert.True(whole.IsOriginatorTooLong && cut.IsOriginatorTooLong);
        Assert.Equal(16 * 1024, whole.Originator.Length);
        Assert.Equal(whole.HasResentFrom, cut.HasResentFrom);
        Assert.Equal(whole.Originator.ToArray(), cut.Originator.ToArray());
    }
}
