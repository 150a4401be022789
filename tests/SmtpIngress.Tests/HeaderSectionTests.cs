using System.Text;
using MailCloud.Messages;
using MailCloud.Submission;

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

    [Theory]
    [InlineData("Message-ID: <a@b.example>\r\n", "a@b.example")]
    [InlineData("Subject: s\r\nmessage-id:\r\n <a@b.\r\n\texample>\r\n", "a@b.example")]
    [InlineData("Message-ID: (a comment) <a@b.example> and more\r\n", "a@b.example")]
    [InlineData("Message-ID: without brackets\r\n", "withoutbrackets")]
    [InlineData("Message-ID: <one@b.example>\r\nMessage-ID: <two@b.example>\r\n", "one@b.example")]
    [InlineData("Message-ID:\r\nSubject: s\r\n", "")]
    [InlineData("Subject: <a@b.example>\r\n", "")]
    public void The_message_id_is_found_however_it_comes(string fields, string id)
    {
        var octets = Encoding.UTF8.GetBytes($"{fields}\r\nMessage-ID: <in@the.body>\r\n");
        var whole = new HeaderSection();
        var cut = new HeaderSection();

        whole.Take(octets);
        foreach (var octet in octets)
        {
            cut.Take(new[] { octet });
        }

        Assert.Equal((id, id), (whole.MessageId, cut.MessageId));
    }

    [Fact]
    public void A_long_message_id_is_cut()
    {
        var header = new HeaderSection();
        header.Take(Encoding.ASCII.GetBytes($"Message-ID: <{new string('x', 5_000)}@b.example>\r\n\r\n"));

        Assert.Equal(new string('x', MessageIds.MaxLength), header.MessageId);
    }

    /// <summary>RFC 8689 §3: one field, one value. What is anything else takes no protection away.</summary>
    [Theory]
    [InlineData("TLS-Required: No\r\n", true)]
    [InlineData("Subject: s\r\ntls-required:no\r\n", true)]
    [InlineData("TLS-Required:\r\n \tNO  \r\nSubject: s\r\n", true)]
    [InlineData("TLS-Required: Yes\r\n", false)]
    [InlineData("TLS-Required:\r\n", false)]
    [InlineData("TLS-Required: No thanks\r\n", false)]
    [InlineData("TLS-Required: No\r\nTLS-Required: No\r\n", false)]
    [InlineData("TLS-Required: No                                                                       thanks\r\n", false)]
    [InlineData("Subject: s\r\n\r\nTLS-Required: No\r\n", false)]
    public void A_header_may_ask_for_no_tls(string header, bool asks)
    {
        foreach (var section in new[] { new HeaderSection(), new HeaderSection(new EmailAddress("alice", "example.test"), "<id@example.test>", DateTimeOffset.UnixEpoch) })
        {
            foreach (var octet in Encoding.ASCII.GetBytes(header + "\r\n"))
            {
                section.Take(new[] { octet });
            }

            Assert.Equal(asks, section.AsksForNoTls);
            Assert.False(section.IsOriginatorTooLong);
        }
    }
}
