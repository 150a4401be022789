using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>domain dns DOMAIN</c>: the records to publish, as lines of a zone file (RFC 1035 §5.1).</summary>
internal static class DomainDns
{
    /// <summary>Octets of one character-string (RFC 1035 §3.3); a TXT record has several, which are read as one (RFC 6376 §3.6.2.2).</summary>
    private const int MaxString = 255;

    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var domain = new Argument<string>("DOMAIN") { Description = "A hosted domain." };
        var command = new Command("dns", "Print the records to publish for a domain, as lines of a zone file.") { domain };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var answer = await client.GetAsync($"/admin/v1/domains/{Uri.EscapeDataString(parsed.GetValue(domain)!)}/dkim", cancellationToken);
            foreach (var key in answer.GetProperty("keys").EnumerateArray())
            {
                var strings = key.GetProperty("recordText").GetString()!.Chunk(MaxString).Select(part => $"\"{new string(part)}\"");
                Console.WriteLine($"{key.GetProperty("recordName").GetString()}. IN TXT ( {string.Join(' ', strings)} )");
            }

            return 0;
        });
        return command;
    }
}
