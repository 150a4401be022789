using System.CommandLine;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary>A record to publish. Its name ends without a dot.</summary>
/// <param name="What">What it is for, as an operator calls it.</param>
internal sealed record DomainRecord(string What, string Name, string Type, string Data)
{
    /// <summary>Octets of one character-string (RFC 1035 §3.3); a TXT record has several, which are read as one (RFC 6376 §3.6.2.2).</summary>
    private const int MaxString = 255;

    /// <summary>A line of a zone file (RFC 1035 §5.1).</summary>
    public string ZoneLine => Type == "TXT"
        ? $"{Name}. IN TXT ( {string.Join(' ', Data.Chunk(MaxString).Select(part => $"\"{new string(part)}\""))} )"
        : $"{Name}. IN {Type} {Data}";
}

/// <summary>What a domain publishes so that mail comes in, goes out and is believed, and mail programs find their servers.</summary>
internal static class DomainRecords
{
    public static Option<string?> WebOption() => new("--web") { Description = "The name at which it serves HTTPS, for mail programs that configure themselves and for MTA-STS; without it --host." };

    /// <summary>Of each of the domain's keys one.</summary>
    public static async Task<IReadOnlyList<DomainRecord>> OfKeysAsync(AdminClient client, string domain, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"/admin/v1/domains/{Uri.EscapeDataString(domain)}/dkim", cancellationToken);
        return [.. answer.GetProperty("keys").EnumerateArray().Select(Key)];
    }

    /// <summary>All of them, for a MailCloud that takes mail and serves mail programs at a host.</summary>
    /// <param name="web">The host at which it serves HTTPS.</param>
    public static async Task<IReadOnlyList<DomainRecord>> AllAsync(AdminClient client, string domain, string host, string web, CancellationToken cancellationToken)
    {
        var keys = await OfKeysAsync(client, domain, cancellationToken);
        var hosted = await client.GetAsync($"/admin/v1/domains/{Uri.EscapeDataString(domain)}", cancellationToken);
        var name = Output.Member(hosted, "domain")!;
        return
        [
            new("MX", name, "MX", $"10 {host}."),
            new("SPF", name, "TXT", "v=spf1 mx -all"),
            .. keys,
            new("DMARC", $"_dmarc.{name}", "TXT", $"v=DMARC1; p=quarantine; rua=mailto:postmaster@{name}"),
            new("MTA-STS", $"_mta-sts.{name}", "TXT", "v=STSv1; id=1"),
            new("TLS-RPT", $"_smtp._tls.{name}", "TXT", $"v=TLSRPTv1; rua=mailto:postmaster@{name}"),

            // RFC 8314 §5.1: TLS from the first octet. RFC 6186 §3.4: IMAP before POP3.
            Service(name, "submissions", 0, 465, host),
            Service(name, "imaps", 0, 993, host),
            Service(name, "pop3s", 10, 995, host),

            // What these find there: services/Web/README.md.
            new("MTA-STS policy", $"mta-sts.{name}", "CNAME", $"{web}."),
            new("autoconfig", $"autoconfig.{name}", "CNAME", $"{web}."),
            new("autodiscover", $"autodiscover.{name}", "CNAME", $"{web}."),
            Service(name, "autodiscover", 0, 443, web),

            // RFC 8620 §2.2: where JMAP's session resource is.
            Service(name, "jmap", 0, 443, web),
        ];
    }

    private static DomainRecord Service(string name, string service, int priority, int port, string host) =>
        new($"SRV {service}", $"_{service}._tcp.{name}", "SRV", $"{priority} 1 {port} {host}.");

    private static DomainRecord Key(JsonElement key) => new($"DKIM {Output.Member(key, "selector")}", Output.Member(key, "recordName")!, "TXT", Output.Member(key, "recordText")!);
}
