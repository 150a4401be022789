using MailCloud.Cli.Commands;

namespace MailCloud.Cli.Checks;

/// <summary>Whether the records of hosted domains are live (<c>domain check</c> tells more of one).</summary>
/// <param name="name">The host at which this MailCloud takes mail.</param>
internal sealed class DomainChecks(AdminClient client, string name, string? resolver)
{
    /// <summary>Each is some ten questions to the name server.</summary>
    private const int MostUnnamed = 20;

    /// <summary>RFC 6761 §6: names that no public name server knows.</summary>
    private static readonly string[] Reserved = ["test", "example", "invalid", "localhost"];

    /// <param name="domains">Those to check; without any the first 20 that are hosted.</param>
    public async Task<IReadOnlyList<CheckResult>> CheckAsync(IReadOnlyList<string> domains, CancellationToken cancellationToken)
    {
        var results = new List<CheckResult>();
        try
        {
            var hosted = domains.Count > 0 ? domains : await HostedAsync(cancellationToken);
            foreach (var domain in hosted.Take(domains.Count > 0 ? domains.Count : MostUnnamed))
            {
                results.Add(await CheckAsync(domain, cancellationToken));
            }

            if (domains.Count == 0 && hosted.Count > MostUnnamed)
            {
                results.Add(CheckResult.Ok("other domains", $"not looked up: there are more than {MostUnnamed}", "name others with --domain"));
            }
        }
        catch (AdminException e)
        {
            results.Add(CheckResult.Failed("domains", e.Message, "give hosted domains with --domain, and a token of the platform with --token-file"));
        }

        return results;
    }

    private async Task<CheckResult> CheckAsync(string domain, CancellationToken cancellationToken)
    {
        var check = $"records of {domain}";
        if (resolver is null && Reserved.Contains(domain.Split('.')[^1]))
        {
            return CheckResult.Ok(check, "not looked up: the name is reserved (RFC 6761)");
        }

        if (Uri.CheckHostName(name) != UriHostNameType.Dns || !name.Contains('.', StringComparison.Ordinal))
        {
            return CheckResult.Warning(check, "not looked up", "give with --name the host that MX records name");
        }

        var findings = await DomainCheck.FindAsync(client, domain, name, name, resolver, cancellationToken);
        var amiss = findings.Where(finding => finding.State != "live").GroupBy(finding => finding.State).ToList();
        return amiss.Count == 0
            ? CheckResult.Ok(check, $"all {findings.Count} are live")
            : CheckResult.Failed(
                check,
                string.Join("; ", amiss.Select(state => $"{state.Key}: {string.Join(", ", state.Select(finding => finding.Record.What))}")),
                $"see what to publish: mailcloud domain check {domain} --host {name}");
    }

    private async Task<IReadOnlyList<string>> HostedAsync(CancellationToken cancellationToken)
    {
        var domains = new List<string>();
        for (string? after = ""; after is not null && domains.Count <= MostUnnamed;)
        {
            var page = await client.GetAsync($"/admin/v1/tenants?after={Uri.EscapeDataString(after)}", cancellationToken);
            foreach (var tenant in page.GetProperty("tenants").EnumerateArray().TakeWhile(_ => domains.Count <= MostUnnamed))
            {
                var hosted = await client.GetAsync($"/admin/v1/tenants/{Uri.EscapeDataString(Output.Member(tenant, "id")!)}/domains?limit={MostUnnamed + 1}", cancellationToken);
                domains.AddRange(hosted.GetProperty("domains").EnumerateArray().Select(domain => Output.Member(domain, "domain")!));
            }

            after = Output.Member(page, "next");
        }

        return domains;
    }
}
