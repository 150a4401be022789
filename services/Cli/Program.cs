using System.CommandLine;
using System.CommandLine.Parsing;
using MailCloud.Cli;
using MailCloud.Cli.Commands;

const string ServerVariable = "MAILCLOUD_SERVER";
var server = new Option<Uri>("--server")
{
    Description = $"Where the admin API listens; without it what {ServerVariable} says, or http://127.0.0.1:8081.",
    DefaultValueFactory = result => ParseServer(ServerVariable, Environment.GetEnvironmentVariable(ServerVariable) is { Length: > 0 } named ? named : "http://127.0.0.1:8081", result)!,
    CustomParser = result => ParseServer("--server", result.Tokens[0].Value, result),
    Recursive = true,
};
var tokenFile = new Option<FileInfo?>("--token-file")
{
    Description = $"The file with the admin token; without it the one that {TokenFile.Variable} names, or {TokenFile.OfAllInOne}.",
    Recursive = true,
};

AdminClient Connect(ParseResult parsed) => new(parsed.GetValue(server)!, TokenFile.Find(parsed.GetValue(tokenFile)));

var root = new RootCommand("mailcloud: the operator's command. It talks to the admin API of a running MailCloud.")
{
    server,
    tokenFile,
    Output.Json,
    new Command("account", "Accounts.")
    {
        AccountCreate.Build(Connect), AccountImport.Build(Connect), AccountExport.Build(Connect), AccountList.Build(Connect),
        AppPassword.Build(Connect), AccountTotp.Build(Connect), AccountLogins.Build(Connect),
    },
    new Command("address", "What an address stands for.") { AddressShow.Build(Connect), AddressSet.Build(Connect), AddressDelete.BuildDelete(Connect), AddressDelete.BuildRestore(Connect) },
    new Command("queue", "Mail on its way: the delivery queue, and what waits for its next attempt.")
    {
        QueueStatus.Build(Connect), QueueList.Build(Connect), QueueShow.Build(Connect), QueueRetry.Build(Connect), QueueCancel.Build(Connect), QueueParked.Build(Connect), QueueReplay.Build(Connect),
    },
    new Command("domain", "Hosted domains.")
    {
        DomainAdd.Build(Connect),
        TenantList.BuildDomains(Connect), DomainRoute.BuildShow(Connect), DomainRoute.BuildRoute(Connect), DomainDkim.Build(Connect), DomainDns.Build(Connect), DomainCheck.Build(Connect),
        Deletion.BuildDomainDelete(Connect), Deletion.BuildDomainRestore(Connect),
    },
    new Command("mailbox", "The mail of an account.")
    {
        MailboxContents.BuildFolders(Connect), MailboxContents.BuildMakeFolder(Connect), MailboxContents.BuildMessages(Connect), MailboxContents.BuildMessage(Connect),
        MailboxExport.Build(Connect), MailboxImport.Build(Connect),
    },
    Group.Build(Connect),
    Tenant.Build(Connect),
    Suppression.Build(Connect),
    ApiToken.Build(Connect),
    Audit.Build(Connect),
    Trace.Build(Connect),
    Job.Build(Connect),
    Verify.Build(Connect),
    Sweep.Build(Connect),
    Backup.Build(Connect),
    Doctor.Build(Connect, server),
    Plan.Build(),
};
return await root.Parse(args).InvokeAsync();

static Uri? ParseServer(string source, string text, ArgumentResult result)
{
    if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https"))
    {
        return uri;
    }

    result.AddError($"{source} is '{text}', which is no address like http://127.0.0.1:8081");
    return null;
}
