using System.Text;

namespace MailCloud.MessageView.Tests;

/// <summary>Which parts are shown, in which order, and which are beside them. A part is written as <c>type/subtype</c> and what follows it, its children indented below it.</summary>
public sealed class ContentTests
{
    [Theory]
    [InlineData("multipart/alternative\n text/plain\n text/html", "2", "", "1")]
    [InlineData("multipart/alternative\n text/html\n text/plain", "2", "", "2")]
    [InlineData("multipart/alternative\n text/plain\n text/html\n text/calendar", "2", "3", "1")]
    [InlineData("multipart/alternative\n text/plain\n text/x-amp-html\n text/html", "3", "", "1")]
    [InlineData("multipart/alternative\n text/plain\n application/x-unknown", "1", "2", "1")]
    [InlineData("multipart/alternative\n text/plain\n multipart/related\n  text/html\n  image/png", "2.1", "2.2", "1")]
    [InlineData("multipart/alternative\n text/plain\n multipart/mixed\n  text/html\n  application/pdf", "2.1", "2.2", "1")]
    [InlineData("multipart/alternative\n multipart/related\n  text/html\n  image/png\n text/plain", "2", "1.2", "2")]
    [InlineData("multipart/alternative\n image/png\n image/gif", "", "1 2", null)]
    public Task The_last_alternative_that_can_be_shown_is(string parts, string bodies, string attachments, string? text) => CheckAsync(parts, bodies, attachments, text);

    [Theory]
    [InlineData("multipart/related\n text/html\n image/png", "1", "2", null)]
    [InlineData("multipart/related; start=\"<2@x>\"\n image/png\n text/html", "2", "1", null)]
    [InlineData("multipart/related\n multipart/alternative\n  text/plain\n  text/html\n image/png", "1.2", "2", "1.1")]
    public Task Related_parts_belong_to_their_root(string parts, string bodies, string attachments, string? text) => CheckAsync(parts, bodies, attachments, text);

    [Theory]
    [InlineData("text/plain", "1", "", "1")]
    [InlineData("text/html", "1", "", null)]
    [InlineData("application/pdf", "", "1", null)]
    [InlineData("text/plain (attachment)", "", "1", null)]
    [InlineData("multipart/mixed\n text/plain\n application/pdf\n text/html\n text/plain", "1 3 4", "2", "1")]
    [InlineData("multipart/mixed\n text/plain\n text/plain (attachment)\n text/plain; name=x.txt", "1", "2 3", "1")]
    [InlineData("multipart/mixed\n text/plain; name=x.txt\n application/pdf", "1", "2", "1")]
    [InlineData("multipart/unknown\n text/plain\n text/html", "1 2", "", "1")]
    [InlineData("multipart/digest\n message/rfc822\n message/rfc822", "", "1 2", null)]
    [InlineData("multipart/mixed\n text/plain\n message/rfc822", "1", "2", "1")]
    [InlineData("multipart/report\n text/plain\n message/delivery-status\n message/rfc822", "1", "2 3", "1")]
    [InlineData("multipart/signed\n multipart/mixed\n  text/plain\n  image/png\n application/pgp-signature", "1.1", "1.2 2", "1.1")]
    [InlineData("multipart/alternative\n text/plain\n multipart/signed\n  text/html\n  application/pkcs7-signature", "2.1", "2.2", "1")]
    public Task Bodies_and_attachments(string parts, string bodies, string attachments, string? text) => CheckAsync(parts, bodies, attachments, text);

    [Theory]
    [InlineData("multipart/encrypted\n application/pgp-encrypted\n application/octet-stream", "1 2")]
    [InlineData("application/pkcs7-mime", "1")]
    public async Task What_is_encrypted_is_said_to_be(string parts, string attachments)
    {
        var message = await Rendering.MessageAsync(Write(parts));
        Assert.Equal([ViewNote.Encrypted], message.Notes);
        Assert.Equal(attachments, string.Join(' ', message.Attachments.Select(a => a.Part)));
        Assert.Empty(message.Html);
    }

    [Theory]
    [InlineData("Content-Disposition: attachment; filename=\"a.pdf\"", "a.pdf")]
    [InlineData("Content-Type: application/pdf; name=b.pdf", "b.pdf")]
    [InlineData("Content-Disposition: attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe.pdf", "Gr\u00fc\u00dfe.pdf")]
    [InlineData("Content-Disposition: attachment; filename*1=b.pdf; filename*0=a", "ab.pdf")]
    [InlineData("Content-Disposition: attachment; filename*0*=gb18030''%D6%D0; filename*1*=%CE%C4.; filename*2=txt", "\u4e2d\u6587.txt")]
    [InlineData("Content-Disposition: attachment; filename=\"=?gbk?B?1tDOxC50eHQ=?=\"", "\u4e2d\u6587.txt")]
    [InlineData("Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd")]
    [InlineData("Content-Disposition: attachment; filename=\"C:\\\\x\\\\y.exe\"", "y.exe")]
    [InlineData("Content-Disposition: attachment; filename*=utf-8''x%E2%80%AEfdp.exe", "xfdp.exe")]
    [InlineData("Content-Disposition: attachment; filename*=utf-8''%0D%0A", null)]
    [InlineData("Content-Disposition: attachment; filename=..", null)]
    public async Task Names_of_files_are_decoded(string field, string? name)
    {
        var type = field.StartsWith("Content-Type", StringComparison.Ordinal) ? "" : "\nContent-Type: application/pdf";
        var attachment = Assert.Single((await Rendering.MessageAsync($"MIME-Version: 1.0\n{field}{type}\nContent-ID: <a@x>\nContent-Transfer-Encoding: base64\n\nAAAA\n")).Attachments);
        Assert.Equal((name, "application/pdf", "a@x"), (attachment.Name, attachment.Type, attachment.ContentId));
    }

    [Fact]
    public async Task A_summary_is_as_good_as_the_message()
    {
        var mail = Encoding.UTF8.GetBytes(Write("multipart/mixed\n text/plain\n text/html\n image/png").ReplaceLineEndings("\r\n"));
        var summary = await Messages.MessageParser.SummariseAsync(new MemoryStream(mail), default);
        var read = 0L;
        var rendered = await MessageRenderer.RenderAsync(
            summary.Structure,
            (offset, length, _) =>
            {
                read += length;
                return new(new MemoryStream(mail, (int)offset, (int)length));
            },
            Rendering.Options,
            default);
        Assert.Equal((await Rendering.MessageAsync(mail)).Html, rendered.Html);
        Assert.Equal(summary.Structure.Parts.Take(2).Sum(part => part.BodyLength), read);
    }

    private static async Task CheckAsync(string parts, string bodies, string attachments, string? text)
    {
        var message = await Rendering.MessageAsync(Write(parts));
        var shown = System.Text.RegularExpressions.Regex.Matches(message.Html, @"body ([\d.]+)!").Select(m => m.Groups[1].Value);
        Assert.Equal(bodies, string.Join(' ', shown));
        Assert.Equal(attachments, string.Join(' ', message.Attachments.Select(a => a.Part)));
        Assert.Equal(text is null ? null : $"body {text}!", message.Text?.Trim());
        Assert.Empty(message.Notes);
    }

    private static string Write(string parts)
    {
        var lines = new Queue<string>(parts.Split('\n'));
        var message = new StringBuilder("MIME-Version: 1.0\n");
        WritePart(lines, 0, "", message);
        return message.ToString();
    }

    private static void WritePart(Queue<string> lines, int depth, string id, StringBuilder message)
    {
        var line = lines.Dequeue().Trim();
        var own = id.Length == 0 ? "1" : id;
        var type = line.Replace(" (attachment)", "", StringComparison.Ordinal);
        message.Append($"Content-Type: {type}");
        message.Append(type.StartsWith("multipart/", StringComparison.Ordinal) ? $"; boundary=b{depth}{own}\n" : "\n");
        message.Append(type == line ? "" : "Content-Disposition: attachment\n");
        message.Append($"Content-ID: <{own}@x>\n\n");
        if (!type.StartsWith("multipart/", StringComparison.Ordinal))
        {
            message.Append(type.StartsWith("message/", StringComparison.Ordinal) ? "Subject: x\n\ninner\n" : $"body {own}!\n");
            return;
        }

        for (var i = 1; lines.TryPeek(out var next) && next.Length - next.TrimStart().Length > depth; i++)
        {
            message.Append($"--b{depth}{own}\n");
            WritePart(lines, depth + 1, id.Length == 0 ? $"{i}" : $"{id}.{i}", message);
        }

        message.Append($"--b{depth}{own}--\n");
    }
}
