using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain dns DOMAIN --host HOST --web HOST</c>: the records to publish, as lines of a zone file (RFC 1035 §5.1); without a host those of the keys.</summary>
internal static class DomainDns
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var host = new Option<string?>("--host") { Description = "The name at which this MailCloud takes mail and serves mail programs; without it only the keys' records are printed." };
        var web = DomainRecords.WebOption();
        var command = new Command("dns", "Print the records to publish for a domain, as lines of a zone file.") { domain, host, web };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var records = parsed.GetValue(host) is { } name
                ? await DomainRecords.AllAsync(client, parsed.GetValue(domain)!, name.TrimEnd('.'), (parsed.GetValue(web) ?? name).TrimEnd('.'), cancellationToken)
                : await DomainRecords.OfKeysAsync(client, parsed.GetValue(domain)!, cancellationToken);
            foreach (var record in records)
            {
                Console.WriteLine(record.ZoneLine);
            }

            return 0;
        });
        return command;
    }
}
