using System.Diagnostics;
using System.Text;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.MessageView.Tests;

/// <summary>Any message is rendered, within the rules: those of the corpus when MAILCLOUD_CORPUS names its folder, else generated ones; whole and damaged.</summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_message_is_rendered()
    {
        var (slowest, shown) = (TimeSpan.Zero, 0);
        var mails = Mails();
        foreach (var mail in mails)
        {
            var clock = Stopwatch.StartNew();
            var message = await MessageRenderer.RenderAsync(new MemoryStream(mail), Rendering.Options, default);
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            shown += message.Html.Length > 0 ? 1 : 0;
            OutputRules.Check(message.Html, allowRemote: false);
            Assert.True(message.Html.Length > 0 || message.Text is null or "" || message.Attachments.Count > 0);
        }

        output.WriteLine($"{shown} of {mails.Count} have something to show; the slowest took {slowest.TotalMilliseconds:F0} ms");
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Damaged_mail_is_rendered_too()
    {
        var random = new Random(20261128);
        foreach (var mail in Mails().Where(m => m.Length is > 0 and < 100_000))
        {
            var damaged = (byte[])mail.Clone();
            for (var i = 0; i < 20; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            await Rendering.MessageAsync(damaged[..random.Next(1, damaged.Length)], Rendering.Options with { AllowRemote = true });
        }
    }

    private List<byte[]> Mails()
    {
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is not { Length: > 0 } corpus)
        {
            output.WriteLine("MAILCLOUD_CORPUS is not set: generated mail is used");
            return [.. Generated()];
        }

        return [.. Directory.EnumerateFiles(corpus, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is not (".md" or ".tsv")).Select(File.ReadAllBytes), .. Generated()];
    }

    private static IEnumerable<byte[]> Generated()
    {
        for (var i = 0; i < 40; i++)
        {
            var builder = new BodyBuilder { TextBody = $"Text {i}\n> zitiert: Gr\u00fc\u00dfe\nhttps://a.test/{i}\n", HtmlBody = i % 2 == 0 ? $"<p>html <img src='cid:a{i}@x'><b>{i}</b>" : null };
            for (var a = 0; a < i % 4; a++)
            {
                builder.Attachments.Add($"\u4e2d\u6587{a}.bin", Encoding.UTF8.GetBytes(new string((char)('a' + a), 50 * i)));
            }

            using var stream = new MemoryStream();
            new MimeMessage([new MailboxAddress("Alice", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test")], $"Betreff {i}", builder.ToMessageBody()).WriteTo(stream);
            yield return stream.ToArray();
        }
    }
}
