using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using MailKit.Net.Smtp;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>An address that its host says is not there: reported, listed, refused at RCPT, and let go by the operator's command.</summary>
[Collection(RelayDefinition.Name)]
public sealed class SuppressionTests(RelayWorld world)
{
    private const string Gone = "gone@exim.test";

    [Fact]
    public async Task An_address_that_is_not_there_is_tried_once_until_an_administrator_lets_it_go()
    {
        await world.SubmitAsync(To(Gone, "first"));
        Assert.Contains("550 5.1.1 no such user", await world.ReportAsync(Gone), StringComparison.Ordinal);
        await UntilAsync(async () => (await MailcloudAsync("suppression", "show", "demo", Gone)).Exit == 0);

        // RCPT is told when what it remembers of the list has aged; whatever it takes until then fails in the relay, as what is forwarded does.
        var refused = default(SmtpCommandException);
        await UntilAsync(async () => (refused = await RefusalOfAsync(To(Gone, "second"))) is not null);
        Assert.Equal(SmtpStatusCode.MailboxUnavailable, refused!.StatusCode);
        Assert.Contains("5.1.1 this address refused mail on ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("(550 5.1.1 no such user)", refused.Message, StringComparison.Ordinal);
        var (report, tries) = ("", 0);
        await UntilAsync(async () =>
        {
            var former = $"former{++tries}@example.test";
            await ForwardAsync(former, Gone);
            await world.SubmitAsync(To(former, "forwarded"));
            report = await world.ReportAsync(former);
            return report.Contains("this address refused mail on ", StringComparison.Ordinal);
        });
        Assert.DoesNotContain("Remote-MTA", report, StringComparison.Ordinal);

        world.Exim.Hire();
        Assert.Equal((0, $"{{\"address\":\"{Gone}\"}}\n"), await MailcloudAsync("suppression", "remove", "demo", Gone));
        await world.SubmitAsync(To(Gone, "third"));
        Assert.Equal("third", MimeMessage.Load(Assert.Single(await world.Exim.UntilReceivedAsync(Gone, 1))).Subject);
    }

    private static MimeMessage To(string address, string subject) => RelayWorld.Message(address, subject, "hello\r\n");

    private async Task<SmtpCommandException?> RefusalOfAsync(MimeMessage message)
    {
        try
        {
            await world.SubmitAsync(message);
            return null;
        }
        catch (SmtpCommandException e)
        {
            return e;
        }
    }

    private async Task ForwardAsync(string address, string target)
    {
        using var admin = world.Server.Admin();
        using var body = new StringContent(JsonSerializer.Serialize(new { kind = "forwarded", targets = new[] { target } }), Encoding.UTF8, "application/json");
        using var answer = await admin.PutAsync(new Uri($"/admin/v1/addresses/{address}", UriKind.Relative), body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<(int Exit, string Output)> MailcloudAsync(params string[] command)
    {
        string[] arguments = [ServerProcess.BuiltPath("services/Cli"), "--server", world.Server.AdminUrl, "--token-file", world.Server.TokenFile, .. command];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }
}
