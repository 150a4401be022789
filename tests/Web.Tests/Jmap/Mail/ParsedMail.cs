using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Emails;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Messages as Email objects without a mailbox.</summary>
internal static class ParsedMail
{
    /// <param name="text">One char per octet; line ends are made CRLF.</param>
    public static Task<EmailContent> OfAsync(string text) => OfAsync(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")));

    public static async Task<EmailContent> OfAsync(byte[] mail, byte[]? prefix = null)
    {
        var summary = await MessageParser.SummariseAsync(new MemoryStream(mail), default);
        return new(summary, prefix, (offset, length, _) => new(new MemoryStream(mail, (int)offset, (int)length)), Guid.NewGuid().ToString(), part => $"p-{part}");
    }

    public static EmailSelection Selection(params string[] properties) => new() { Properties = properties, BodyProperties = ["partId", "type"] };

    public static Task<JsonObject> BuildAsync(EmailContent content, EmailSelection selection) => new EmailBuilder(selection, new PartSizes()).BuildAsync(_ => null, content, default);

    /// <summary>One property.</summary>
    public static async Task<string> PropertyAsync(string mail, string property) =>
        (await BuildAsync(await OfAsync(mail), Selection(property)))[property]?.ToJsonString(Relaxed) ?? "null";

    /// <summary>Octets of GB18030 as a text of one char each.</summary>
    public static string Gbk(string text)
    {
        Assert.True(Charsets.TryFind("gb18030", out var charset));
        return Encoding.Latin1.GetString(charset.GetBytes(text));
    }

    public static string Utf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
