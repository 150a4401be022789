using System.Text;
using MailCloud.Messages;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.Messages.Tests;

/// <summary>What holds for any message: over the corpus when MAILCLOUD_CORPUS names its folder, else over generated mail; whole, cut off, and damaged.</summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Offsets_nest_and_nothing_throws()
    {
        var mails = Mails();
        foreach (var mail in mails)
        {
            await CheckAsync(mail);
        }
    }

    [Fact]
    public async Task Cut_off_and_damaged_mail_is_summarised_too()
    {
        var random = new Random(20261124);
        foreach (var mail in Mails().Where(m => m.Length is > 0 and < 200_000))
        {
            await CheckAsync(mail[..random.Next(mail.Length)]);
            var damaged = (byte[])mail.Clone();
            for (var i = 0; i < 20; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            await CheckAsync(damaged);
        }
    }

    [Fact]
    public async Task Leaves_are_those_that_MimeKit_finds_in_well_formed_mail()
    {
        foreach (var mail in GeneratedMail())
        {
            var message = MimeMessage.Load(new MemoryStream(mail));
            var summary = await MessageParser.SummariseAsync(new MemoryStream(mail), default);
            Assert.Equal(message.BodyParts.Select(p => p.ContentType.MimeType), Leaves(summary.Structure).Select(p => $"{p.Type}/{p.Subtype}"));
        }
    }

    private static async Task CheckAsync(byte[] mail)
    {
        var summary = await MessageParser.SummariseAsync(new MemoryStream(mail), default);
        Assert.Equal(mail.Length, summary.Structure.BodyOffset + summary.Structure.BodyLength);
        Assert.True(summary.Header is null || mail.AsSpan().StartsWith(summary.Header), "the header is what the message begins with");
        Assert.True(summary.Header is null || summary.Header.Length == summary.Structure.BodyOffset);
        Assert.True(summary.Preview.Length <= 200);
        CheckPart(summary.Structure, mail);
    }

    private static void CheckPart(BodyPart part, byte[] mail)
    {
        var end = part.BodyOffset + part.BodyLength;
        Assert.True(part.HeaderOffset >= 0 && part.HeaderOffset <= part.BodyOffset && part.BodyLength >= 0 && end <= mail.Length);
        if (part.Lines > 0)
        {
            Assert.Equal(mail.AsSpan((int)part.BodyOffset, (int)part.BodyLength).Count((byte)'\n'), part.Lines);
        }

        Assert.True(!part.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase) || part.Parts.Count > 0);
        Assert.Equal(part.Envelope is not null, part.Type.Equals("message", StringComparison.OrdinalIgnoreCase) && part.Parts.Count == 1);
        var from = part.BodyOffset;
        foreach (var child in part.Parts)
        {
            Assert.True(child.HeaderOffset >= from && child.BodyOffset + child.BodyLength <= end, "parts nest and do not overlap");
            from = child.BodyOffset + child.BodyLength;
            CheckPart(child, mail);
        }
    }

    private static IEnumerable<BodyPart> Leaves(BodyPart part) => part.Parts.Count == 0 ? [part] : part.Type == "message" ? [part] : part.Parts.SelectMany(Leaves);

    private List<byte[]> Mails()
    {
        var corpus = Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS");
        if (string.IsNullOrEmpty(corpus))
        {
            output.WriteLine("MAILCLOUD_CORPUS is not set: generated mail is used");
            return [.. GeneratedMail()];
        }

        var mails = Directory.EnumerateFiles(corpus, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is not (".md" or ".tsv")).Select(File.ReadAllBytes).ToList();
        output.WriteLine($"{mails.Count} messages of {corpus}");
        Assert.NotEmpty(mails);
        return [.. mails, .. GeneratedMail()];
    }

    private static IEnumerable<byte[]> GeneratedMail()
    {
        for (var i = 0; i < 60; i++)
        {
            var builder = new BodyBuilder { TextBody = $"Text {i}\nzweite Zeile: Gr\u00fc\u00dfe\n", HtmlBody = i % 2 == 0 ? "<p>html</p>" : null };
            for (var a = 0; a < i % 4; a++)
            {
                builder.Attachments.Add($"a{a}.bin", Encoding.UTF8.GetBytes(new string((char)('a' + a), 50 * i)));
            }

            var message = new MimeMessage(
                [new MailboxAddress("Alice \u00c4", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test")], $"Betreff \u00fc {i}", builder.ToMessageBody());
            if (i % 5 == 4)
            {
                message.Body = new Multipart("mixed") { new TextPart("plain") { Text = "see below" }, new MessagePart("rfc822", new MimeMessage { Body = new TextPart("plain") { Text = "inner\n" } }) };
            }

            using var stream = new MemoryStream();
            var format = FormatOptions.Default.Clone();
            format.NewLineFormat = i % 7 == 6 ? NewLineFormat.Unix : NewLineFormat.Dos;
            message.WriteTo(format, stream);
            yield return stream.ToArray();
        }
    }
}
