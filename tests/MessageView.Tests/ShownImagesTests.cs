using System.Text;
using MailCloud.Messages;

namespace MailCloud.MessageView.Tests;

/// <summary>Which parts of a message may be asked for as images, and what an image is by its octets.</summary>
public sealed class ShownImagesTests
{
    private const string Message = """
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=a

        --a
        Content-Type: multipart/related; boundary=b

        --b
        Content-Type: text/html

        <img src="cid:x">
        --b
        Content-Type: image/png
        Content-Transfer-Encoding: base64

        iVBORw0KGgo=
        --b
        Content-Type: image/svg+xml

        <svg/>
        --b--
        --a
        Content-Type: application/octet-stream

        BM
        --a
        Content-Type: message/rfc822

        Content-Type: image/gif

        GIF89a
        --a--
        """;

    [Theory]
    [InlineData("1.2", "image/png")]
    [InlineData("2", "application/octet-stream")]
    [InlineData("1", null)]
    [InlineData("1.1", null)]
    [InlineData("1.3", null)]
    [InlineData("1.4", null)]
    [InlineData("1.0", null)]
    [InlineData("1.2.1", null)]
    [InlineData("3", null)]
    [InlineData("3.1", null)]
    [InlineData("", null)]
    [InlineData("1.", null)]
    [InlineData("1.-2", null)]
    [InlineData("1.99999999999", null)]
    public async Task Only_images_are_found(string id, string? type)
    {
        var part = ShownImages.Find((await SummariseAsync(Message)).Structure, id);
        Assert.Equal(type, part is null ? null : $"{part.Type}/{part.Subtype}".ToLowerInvariant());
    }

    [Theory]
    [InlineData("Content-Type: image/gif\r\n\r\nGIF89a", "1", true)]
    [InlineData("Content-Type: image/gif\r\n\r\nGIF89a", "1.1", false)]
    [InlineData("Content-Type: image/SVG+xml\r\n\r\n<svg/>", "1", false)]
    [InlineData("Content-Type: text/html\r\n\r\n<p>", "1", false)]
    public async Task A_message_may_be_an_image(string message, string id, bool isFound) =>
        Assert.Equal(isFound, ShownImages.Find((await SummariseAsync(message)).Structure, id) is not null);

    [Theory]
    [InlineData("89504e470d0a1a0a0000", "image/png")]
    [InlineData("ffd8ffe0", "image/jpeg")]
    [InlineData("474946383761", "image/gif")]
    [InlineData("474946383961", "image/gif")]
    [InlineData("52494646000000005745425056502038", "image/webp")]
    [InlineData("5249464600000000574156456d6d", null)]
    [InlineData("424d36000000", "image/bmp")]
    [InlineData("3c73766720786d6c6e73", null)]
    [InlineData("3c21444f43545950452068746d6c3e", null)]
    [InlineData("474946", null)]
    [InlineData("00000018667479706176696600", null)]
    [InlineData("", null)]
    public void An_image_is_what_its_octets_are(string octets, string? type) => Assert.Equal(type, ShownImages.TypeOf(Convert.FromHexString(octets)));

    [Theory]
    [InlineData("base64", "R0lG\r\nODlh", "GIF89a")]
    [InlineData("quoted-printable", "GI=46=\r\n89a", "GIF89a")]
    [InlineData("8bit", "GIF89a", "GIF89a")]
    [InlineData("x-unknown", "GIF89a", "GIF89a")]
    [InlineData("base64", "", "")]
    public async Task A_part_is_read_without_its_encoding(string encoding, string body, string expected)
    {
        var message = Encoding.ASCII.GetBytes($"Content-Type: image/gif\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}");
        var summary = await MessageParser.SummariseAsync(new MemoryStream(message), default);
        await using var content = await PartContent.OpenAsync(summary.Structure, (offset, length, _) => new(new MemoryStream(message, (int)offset, (int)length)), default);
        Assert.Equal(expected, await new StreamReader(content).ReadToEndAsync());
    }

    private static Task<MessageSummary> SummariseAsync(string message) =>
        MessageParser.SummariseAsync(new MemoryStream(Encoding.ASCII.GetBytes(message.ReplaceLineEndings("\r\n"))), default);
}
