using System.CommandLine;
using System.CommandLine.Parsing;
using MailCloud.Cli;
using MailCloud.Cli.Commands;

var server = new Option<Uri>("--server")
{
    Description = "Where the admin API listens.",
    DefaultValueFactory = _ => new("http://127.0.0.1:8081"),
    CustomParser = ParseServer,
    Recursive = true,
};
var tokenFile = new Option<FileInfo>("--token-file") { Description = "The file with the admin token.", Required = true, Recursive = true };

AdminClient Connect(ParseResult parsed) => new(parsed.GetValue(server)!, parsed.GetValue(tokenFile)!);

var root = new RootCommand("mailcloud: the operator's command. It talks to the admin API of a running MailCloud.")
{
    server,
    tokenFile,
    Output.Json,
    new Command("account", "Accounts.") { AccountImport.Build(Connect), AccountList.Build(Connect), AppPassword.Build(Connect), AccountLogins.Build(Connect) },
    new Command("address", "What an address stands for.") { AddressSet.Build(Connect), AddressDelete.BuildDelete(Connect), AddressDelete.BuildRestore(Connect) },
    new Command("queue", "Mail on its way: the delivery queue, and what waits for its next attempt.")
    {
        QueueStatus.Build(Connect), QueueList.Build(Connect), QueueShow.Build(Connect), QueueRetry.Build(Connect), QueueCancel.Build(Connect), QueueParked.Build(Connect), QueueReplay.Build(Connect),
    },
    new Command("domain", "Hosted domains.")
    {
        TenantList.BuildDomains(Connect), DomainRoute.BuildShow(Connect), DomainRoute.BuildRoute(Connect), DomainDkim.Build(Connect), DomainDns.Build(Connect), DomainCheck.Build(Connect),
        Deletion.BuildDomainDelete(Connect), Deletion.BuildDomainRestore(Connect),
    },
    new Command("mailbox", "The mail of an account.") { MailboxExport.Build(Connect), MailboxImport.Build(Connect) },
    Group.Build(Connect),
    Tenant.Build(Connect),
    Suppression.Build(Connect),
    Trace.Build(Connect),
    Verify.Build(Connect),
    Sweep.Build(Connect),
};
return await root.Parse(args).InvokeAsync();

static Uri? ParseServer(ArgumentResult result)
{
    if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https"))
    {
        return uri;
    }

    result.AddError($"--server is '{result.Tokens[0].Value}', which is no address like http://127.0.0.1:8081");
    return null;
}
