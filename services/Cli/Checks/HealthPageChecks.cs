using System.Globalization;
using System.Net;

namespace MailCloud.Cli.Checks;

/// <summary>What processes say of themselves at <c>/health/ready</c>, and whether their clocks go as this machine's does.</summary>
internal sealed class HealthPageChecks : IDisposable
{
    /// <summary>A Date field has whole seconds, and the answer was on its way.</summary>
    private static readonly TimeSpan Close = TimeSpan.FromSeconds(3);

    /// <summary>A code of a second factor lasts 30 seconds. Certificates, tokens and signatures take more.</summary>
    private static readonly TimeSpan Far = TimeSpan.FromSeconds(30);

    private const string WrongAddress = "see whether this is the address of MailCloud's health page";

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly List<(string Check, TimeSpan Ahead)> clocks = [];

    public async Task<CheckResult> CheckAsync(string what, Uri server, CancellationToken cancellationToken)
    {
        var check = $"{what} {server.Authority}";
        try
        {
            using var answer = await http.GetAsync(new Uri(server, "/health/ready"), cancellationToken);
            if (answer.Headers.Date is { } date)
            {
                clocks.Add((check, date - TimeProvider.System.GetUtcNow()));
            }

            return Judge(check, answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.InvalidResponse)
        {
            return CheckResult.Failed(check, "another protocol", WrongAddress);
        }
        catch (HttpRequestException e)
        {
            return CheckResult.Failed(check, Output.Plain(e.Message), "start MailCloud, or give its address: see mailcloud doctor --help");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CheckResult.Failed(check, $"no answer within {http.Timeout.TotalSeconds:0} seconds", "see what the process logs and whether it hangs, and whether a firewall drops the packets");
        }
    }

    /// <summary>The clocks of all that were asked.</summary>
    public CheckResult CheckClocks()
    {
        if (clocks.Count == 0)
        {
            return CheckResult.Warning("clock", "nobody told the time", "mend the above first");
        }

        var (check, ahead) = clocks.MaxBy(clock => clock.Ahead.Duration());
        var found = string.Create(CultureInfo.InvariantCulture, $"{check} is {ahead.Duration().TotalSeconds:0} seconds {(ahead < TimeSpan.Zero ? "behind" : "ahead of")} this machine");
        return ahead.Duration() switch
        {
            var apart when apart < Close => CheckResult.Ok("clock", "all within 3 seconds of this machine's"),
            var apart when apart < Far => CheckResult.Warning("clock", found, "see that both have their time from NTP"),
            _ => CheckResult.Failed("clock", found, "let both have their time from NTP: tokens, signatures and codes of second factors fail when clocks differ"),
        };
    }

    public void Dispose() => http.Dispose();

    private static CheckResult Judge(string check, HttpStatusCode status, string body) => status switch
    {
        HttpStatusCode.OK when body.StartsWith("Degraded", StringComparison.Ordinal) => CheckResult.Warning(check, Output.Plain(body), AdviceOn(body)),
        HttpStatusCode.OK => CheckResult.Ok(check, "ready"),
        HttpStatusCode.ServiceUnavailable => CheckResult.Failed(check, $"not ready: {Output.Plain(body)}", AdviceOn(body)),
        _ => CheckResult.Failed(check, string.Create(CultureInfo.InvariantCulture, $"{(int)status} from /health/ready"), WrongAddress),
    };

    /// <summary>The page names the parts that are amiss (services' own names for them).</summary>
    private static string AdviceOn(string body) => string.Join("; ", Parts.Where(part => body.Contains(part.Name, StringComparison.Ordinal)).Select(part => part.Advice)
        .DefaultIfEmpty("see what the process logs"));

    private static readonly (string Name, string Advice)[] Parts =
    [
        ("queue", "see that RabbitMQ runs, has disk and memory left, and that the process reaches it"),
        ("membership", "see that Redis runs and that the silo reaches it"),
        ("gateways", "see that a silo (Mailboxes) runs and that the process reaches it"),
        ("draining", "the process is ending: see who stops it, and start it again"),
    ];
}
