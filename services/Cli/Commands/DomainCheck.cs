using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain check DOMAIN --host HOST --web HOST --resolver HOST[:PORT]</c>: which of the records to publish are live. Exit code 1 unless all are, and are as they must be.</summary>
internal static class DomainCheck
{
    private const int DnsPort = 53;

    /// <summary>RFC 1035 §4.2.1 asks for 2 to 5 seconds between attempts.</summary>
    private static readonly TimeSpan DnsTimeout = TimeSpan.FromSeconds(3);

    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var host = new Option<string>("--host") { Description = "The name at which this MailCloud takes mail and serves mail programs.", Required = true };
        var resolver = new Option<string?>("--resolver") { Description = "The name server to ask, HOST or HOST:PORT; without it the machine's." };
        var web = DomainRecords.WebOption();
        var command = new Command("check", "Look up which of a domain's records are published as they should be.") { domain, host, web, resolver };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var name = parsed.GetValue(host)!;
            var findings = await FindAsync(client, parsed.GetValue(domain)!, name.TrimEnd('.'), (parsed.GetValue(web) ?? name).TrimEnd('.'), parsed.GetValue(resolver), cancellationToken);
            return Print(Output.Of(parsed), findings);
        });
        return command;
    }

    /// <param name="host">The name at which this MailCloud takes mail, without a dot at its end.</param>
    /// <param name="web">The name at which it serves HTTPS, likewise.</param>
    /// <param name="resolver">The name server to ask; null for the machine's.</param>
    public static async Task<IReadOnlyList<Finding>> FindAsync(AdminClient client, string domain, string host, string web, string? resolver, CancellationToken cancellationToken)
    {
        var records = await DomainRecords.AllAsync(client, domain, host, web, cancellationToken);
        var options = resolver is null ? new LookupClientOptions() : new LookupClientOptions(await ResolverAsync(resolver, cancellationToken));
        options.UseCache = false;
        options.Timeout = DnsTimeout;
        options.Retries = 1;
        var dns = new LookupClient(options);
        return await Task.WhenAll(records.Select(record => CheckAsync(record, host, dns, cancellationToken)));
    }

    private static int Print(Output output, IReadOnlyList<Finding> findings)
    {
        using (var listing = output.Begin("record", "name", "state", "found"))
        {
            foreach (var finding in findings)
            {
                var record = finding.Record;
                listing.Add(
                    new { record = record.What, name = record.Name, type = record.Type, state = finding.State, found = finding.Found, publish = record.Data },
                    record.What, record.Name, finding.State, finding.Found);
            }
        }

        // Below the table and not in it, where lines of a zone file would be broken.
        Advise(output, "missing", "Publish:", findings);
        Advise(output, "wrong", "Publish in place of what is wrong:", findings);
        if (findings.Any(finding => finding.State == "unknown"))
        {
            output.Note("Look up what is unknown again, or at another --resolver.");
        }

        return findings.All(finding => finding.State == "live") ? 0 : 1;
    }

    private static void Advise(Output output, string state, string advice, IReadOnlyList<Finding> findings)
    {
        var lines = findings.Where(finding => finding.State == state).Select(finding => $"  {finding.Record.ZoneLine}").ToList();
        if (lines.Count > 0)
        {
            output.Note($"{advice}\n{string.Join('\n', lines)}");
        }
    }

    private static async Task<Finding> CheckAsync(DomainRecord record, string host, LookupClient dns, CancellationToken cancellationToken)
    {
        IDnsQueryResponse answer;
        try
        {
            answer = await dns.QueryAsync(record.Name, QueryTypeOf(record), cancellationToken: cancellationToken);
        }
        catch (DnsResponseException e)
        {
            return new(record, "unknown", e.Code == DnsResponseCode.ConnectionTimeout ? "the name server does not answer" : $"the name server answers {e.DnsError}");
        }

        if (answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain)
        {
            return new(record, "unknown", $"the name server answers {answer.Header.ResponseCode}");
        }

        string[] found = [.. answer.Answers.Select(TextOf).OfType<string>().Where(text => IsOfKind(record, text))];
        return new(record, found.Length == 0 ? "missing" : IsRight(record, found, host) ? "live" : "wrong", string.Join("; ", found));
    }

    // As who follows a name asks, for its address: an alias comes with it.
    private static QueryType QueryTypeOf(DomainRecord record) => record.Type == "CNAME" ? QueryType.A : Enum.Parse<QueryType>(record.Type);

    private static string? TextOf(DnsResourceRecord found) => found switch
    {
        CNameRecord alias => alias.CanonicalName.Value,
        ARecord address => address.Address.ToString(),
        MxRecord mx => $"{mx.Preference} {mx.Exchange.Value}",
        SrvRecord srv => $"{srv.Priority} {srv.Weight} {srv.Port} {srv.Target.Value}",
        TxtRecord txt => string.Concat(txt.Text),
        _ => null,
    };

    /// <summary>A name may have texts of other kinds beside; what it is of, a text says first. A key's name has keys alone.</summary>
    private static bool IsOfKind(DomainRecord record, string text) =>
        record.Type != "TXT" || IsKey(record) || FirstWord(text).Equals(FirstWord(record.Data), StringComparison.OrdinalIgnoreCase);

    private static bool IsRight(DomainRecord record, string[] found, string host) => record.What switch
    {
        "MX" => found.Any(mx => IsHost(mx.Split(' ')[1], host)),

        // RFC 7208 §3.2, RFC 7489 §6.6.3, RFC 8461 §3.1, RFC 8460 §3: more than one is none. "all" alone lets everybody send (RFC 7208 §4.6.2).
        "SPF" => found.Length == 1 && !found[0].Split(' ').Any(term => term.ToUpperInvariant() is "ALL" or "+ALL"),
        "DMARC" => found.Length == 1 && HasTag(found[0], "p"),
        "MTA-STS" => found.Length == 1 && HasTag(found[0], "id"),
        "TLS-RPT" => found.Length == 1 && HasTag(found[0], "rua"),
        _ when IsKey(record) => found.Any(text => Squeezed(text) == Squeezed(record.Data)),
        _ when record.Type == "CNAME" => found.Any(name => IsHost(name, record.Data)) || IsByAddress(found),
        _ => found.Any(srv => srv.Split(' ') is [_, _, var port, var target] && record.Data.Split(' ') is [_, _, var wanted, var name] && port == wanted && IsHost(target, name)),
    };

    /// <summary>An address in place of the alias does as well; whose it is only a request there would tell.</summary>
    private static bool IsByAddress(string[] found) => found.All(text => IPAddress.TryParse(text, out _));

    private static bool IsKey(DomainRecord record) => record.What.StartsWith("DKIM ", StringComparison.Ordinal);

    private static bool HasTag(string text, string tag) => text.Split(';').Any(part => part.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, { Length: > 0 }] && name == tag);

    private static string FirstWord(string text) => text.Split(' ', ';')[0];

    private static bool IsHost(string name, string host) => name.TrimEnd('.').Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 6376 §3.2: spaces around tags mean nothing, nor does the last semicolon.</summary>
    private static string Squeezed(string text) => text.Replace(" ", "", StringComparison.Ordinal).TrimEnd(';');

    private static async Task<IPEndPoint> ResolverAsync(string text, CancellationToken cancellationToken)
    {
        if (IPEndPoint.TryParse(text, out var server))
        {
            return new(server.Address, server.Port == 0 ? DnsPort : server.Port);
        }

        var colon = text.LastIndexOf(':');
        ushort port = DnsPort;
        if (colon >= 0 && !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            throw new AdminException($"--resolver is '{text}', which is no name server like 192.0.2.53 or ns.example:53");
        }

        try
        {
            return new((await Dns.GetHostAddressesAsync(colon < 0 ? text : text[..colon], cancellationToken))[0], port);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new AdminException($"--resolver is '{text}', which is not found ({e.Message}). Give an address like 192.0.2.53:53");
        }
    }

    /// <param name="State">live, missing, wrong, or unknown when nobody answered.</param>
    /// <param name="Found">What stands there, or why that is not known.</param>
    internal sealed record Finding(DomainRecord Record, string State, string Found);
}
