using System.Text;

namespace MailCloud.MessageView.Tests;

/// <summary>Messages as tests write them, rendered; and what holds for whatever comes out.</summary>
internal static class Rendering
{
    /// <summary>What the tests' parts have as URLs.</summary>
    public const string Parts = "/mail/7/part/";

    public static readonly RenderOptions Options = new() { PartUrl = static id => Parts + id };

    public static Task<RenderedMessage> MessageAsync(string message, RenderOptions? options = null) =>
        MessageAsync(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n")), options);

    public static async Task<RenderedMessage> MessageAsync(byte[] message, RenderOptions? options = null)
    {
        var rendered = await MessageRenderer.RenderAsync(new MemoryStream(message), options ?? Options, default);
        OutputRules.Check(rendered.Html, (options ?? Options).AllowRemote);
        return rendered;
    }

    /// <summary>A message of one part.</summary>
    public static Task<RenderedMessage> PartAsync(string type, byte[] body, RenderOptions? options = null) =>
        MessageAsync([.. Encoding.ASCII.GetBytes($"MIME-Version: 1.0\r\n{type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"), .. body], options);

    public static Task<RenderedMessage> HtmlAsync(string html, RenderOptions? options = null) => PartAsync("Content-Type: text/html; charset=utf-8", Encoding.UTF8.GetBytes(html), options);

    public static Task<RenderedMessage> TextAsync(string text, string parameters = "") =>
        PartAsync("Content-Type: text/plain; charset=utf-8" + parameters, Encoding.UTF8.GetBytes(text));

    /// <summary>The HTML without the element that each body stands in.</summary>
    public static async Task<string> InnerAsync(string html, RenderOptions? options = null) => (await HtmlAsync(html, options)).Html["<div>".Length..^"</div>".Length];
}
