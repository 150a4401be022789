using System.CommandLine;
using MailCloud.Cli.Checks;
using MimeKit;

namespace MailCloud.Cli.Commands;

/// <summary>
/// <c>doctor</c>: checks an installation from where the operator sits: health, clocks, the admin API, the queue, each port and its certificate, the records of domains, and a test mail. Exit code 1
/// when something failed.
/// </summary>
internal static class Doctor
{
    private const int HttpPort = 8080;

    private static readonly Option<string?> Host = new("--host") { Description = "Where the services listen; without it the admin API's host." };
    private static readonly Option<string?> Name = new("--name") { Description = "The host name that mail programs and MX records use, and certificates are for; without it the host." };
    private static readonly Option<FileInfo?> Trust = new("--trust") { Description = "A PEM file of certificates to trust beside the machine's." };
    private static readonly Option<int?> Offset = new("--port-offset") { Description = "Check the ports of AllInOne or of cluster.sh, moved by as much, and not 25, 587 and so on." };
    private static readonly Option<int?> Http = new("--http") { Description = "The port of HTTP (8080); 0 when there is none to check." };
    private static readonly Option<string[]> Health = new("--health") { Description = "A further process's health page, HOST:PORT (Hosting:Health); may be given several times." };
    private static readonly Option<long> MostWaiting = new("--most-waiting") { Description = "So many entries may wait in the delivery queue.", DefaultValueFactory = _ => 1000 };
    private static readonly Option<string[]> Domains = new("--domain") { Description = "A hosted domain whose records are looked up; may be given several times. Without it the first 20." };
    private static readonly Option<string?> Resolver = new("--resolver") { Description = "The name server to ask, HOST or HOST:PORT; without it the machine's." };
    private static readonly Option<string?> TestDomain = new("--test-domain") { Description = "A hosted domain in which an account is made for a test mail, and removed." };
    private static readonly Option<string?> Account = new("--account") { Description = "An account that sends the test mail to itself, reads it and deletes it, in place of one that is made." };
    private static readonly Option<FileInfo?> PasswordFile = new("--password-file") { Description = "The file with the account's password." };
    private static readonly IReadOnlyList<(MailService Service, Option<int?> Port)> Ports = [.. MailService.All.Select(service => (service, PortOption(service)))];

    public static Command Build(Func<ParseResult, AdminClient> connect, Option<Uri> server)
    {
        var command = new Command("doctor", "Check an installation end to end, and say what to mend: health, clocks, queue, ports, certificates, DNS records, and a test mail.")
        {
            Host, Name, Trust, Offset, Http, Health, MostWaiting, Domains, Resolver, TestDomain, Account, PasswordFile,
        };
        foreach (var (_, port) in Ports)
        {
            command.Options.Add(port);
        }

        command.SetAdminAction(connect, (client, parsed, cancellationToken) => RunAsync(client, parsed.GetValue(server)!, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(AdminClient client, Uri server, ParseResult parsed, CancellationToken cancellationToken)
    {
        var host = parsed.GetValue(Host) ?? server.Host;
        var name = (parsed.GetValue(Name) ?? host).TrimEnd('.');
        var ports = new ServiceChecks(host, name, Authorities.Read(parsed.GetValue(Trust)));
        var services = Ports
            .Select(port => port.Service with { Port = parsed.GetValue(port.Port) ?? (parsed.GetValue(Offset) is { } offset ? port.Service.UnprivilegedPort + offset : port.Service.Port) })
            .Where(service => service.Port != 0).ToList();
        var mail = TestMail(client, ports, services, parsed);
        var pages = HealthPages(server, host, parsed);
        using var health = new HealthPageChecks();
        var isTaken = false;

        // In the order of what they need of one another.
        Func<Task<IReadOnlyList<CheckResult>>>[] checks =
        [
            async () => [.. await Task.WhenAll(pages.Select(page => health.CheckAsync(page.What, page.Address, cancellationToken))), health.CheckClocks()],
            async () =>
            {
                var queue = await QueueChecks.CheckAsync(client, parsed.GetValue(MostWaiting), cancellationToken);
                isTaken = queue[0].Verdict == Verdict.Ok;
                return queue;
            },
            async () => await Task.WhenAll(services.Select(service => ports.CheckAsync(service, cancellationToken))),
            async () => isTaken ? await new DomainChecks(client, name, parsed.GetValue(Resolver)).CheckAsync(parsed.GetValue(Domains) ?? [], cancellationToken) : [],
            () => mail(cancellationToken),
        ];
        return await PrintAsync(Output.Of(parsed), checks);
    }

    private static async Task<int> PrintAsync(Output output, Func<Task<IReadOnlyList<CheckResult>>>[] checks)
    {
        using var listing = output.Begin("check", "result", "found", "what to do");
        return await output.ProgressAsync("checking", checks.Length, async step =>
        {
            var hasFailed = false;
            foreach (var check in checks)
            {
                foreach (var result in await check())
                {
                    hasFailed |= result.Verdict == Verdict.Failed;
                    var word = result.Verdict.ToString().ToLowerInvariant();
                    listing.Add(new { check = result.Check, result = word, found = result.Found, advice = result.Advice }, result.Check, word, result.Found, result.Advice);
                }

                step();
            }

            return hasFailed ? 1 : 0;
        });
    }

    private static Option<int?> PortOption(MailService service) => new($"--{service.Name}") { Description = $"The port of {service.Name} ({service.Port}); 0 when there is none to check." };

    private static List<(string What, Uri Address)> HealthPages(Uri server, string host, ParseResult parsed)
    {
        List<(string What, Uri Address)> pages = [("health of admin", server)];
        if ((parsed.GetValue(Http) ?? HttpPort + (parsed.GetValue(Offset) ?? 0)) is not 0 and var port)
        {
            pages.Add(("health of HTTP", new UriBuilder(Uri.UriSchemeHttp, host, port).Uri));
        }

        foreach (var page in parsed.GetValue(Health) ?? [])
        {
            pages.Add(("health of", Uri.TryCreate($"http://{page}", UriKind.Absolute, out var address) ? address : throw new AdminException($"--health is '{page}', which is no HOST:PORT")));
        }

        return pages;
    }

    private static Func<CancellationToken, Task<IReadOnlyList<CheckResult>>> TestMail(AdminClient client, ServiceChecks ports, List<MailService> services, ParseResult parsed)
    {
        var (domain, account, passwordFile) = (parsed.GetValue(TestDomain), parsed.GetValue(Account), parsed.GetValue(PasswordFile));
        if (domain is null && account is null && passwordFile is null)
        {
            return _ => Task.FromResult<IReadOnlyList<CheckResult>>(
                [CheckResult.Warning("test mail", "not sent", "give --test-domain, in which an account is made for it and removed, or an --account and its --password-file")]);
        }

        if (Find("submission") is not { } submission || Find("imap") is not { } imap)
        {
            throw new AdminException("a test mail takes a port of --submission or --submissions and one of --imap or --imaps");
        }

        var trip = new MailRoundTrip(client, ports, submission, imap, Find("pop3"));
        if (domain is not null)
        {
            return account is null && passwordFile is null
                ? cancellationToken => new TestAccount(client, domain).WithAsync(trip.RunAsync, cancellationToken)
                : throw new AdminException("a test mail is of an --account, or of one that is made in --test-domain, and not of both");
        }

        if (passwordFile is null || !MailboxAddress.TryParse(account, out var address))
        {
            throw new AdminException("a test mail takes an --account like ann@example.test and its --password-file");
        }

        var password = ReadPassword(passwordFile);
        return cancellationToken => trip.RunAsync(address, password, cancellationToken);

        MailService? Find(string protocol) => services.Find(service => service.Name.StartsWith(protocol, StringComparison.Ordinal));
    }

    private static string ReadPassword(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"the password file cannot be read: {e.Message}");
        }
    }
}
