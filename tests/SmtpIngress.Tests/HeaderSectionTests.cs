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
}
