using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>backup take|list|check|restore|restore-tenant</c>: jobs, which are waited for unless they are detached. Exit code 1 when something is wrong.</summary>
internal static class Backup
{
    private static readonly Option<string> from = new("--from") { Description = "The backup, as backup list shows it. Default: the newest." };

    public static Command Build(Func<ParseResult, AdminClient> connect) =>
        new("backup", "Backups of the whole installation, and what comes back from them.") { BuildTake(connect), BuildList(connect), BuildCheck(connect), BuildRestore(connect), BuildRestoreTenant(connect) };

    private static Command BuildTake(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("take", "Take a backup while the installation runs. It copies what the backups before have not.") { Job.Detach };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => Job.RunAsync(client, parsed, new { kind = "backup" }, cancellationToken));
        return command;
    }

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("list", "List the whole backups, the oldest first.");
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            using var listing = Output.Of(parsed).Begin("name", "begunAt", "endedAt");
            foreach (var backup in (await client.GetAsync("/admin/v1/backups", cancellationToken)).GetProperty("backups").EnumerateArray())
            {
                listing.AddMembers(backup, "name", "begunAt", "endedAt");
            }

            return 0;
        });
        return command;
    }

    private static Command BuildCheck(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("check", "Check every reference of what a backup holds. Changes nothing.") { from, Job.Detach };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => Job.RunAsync(client, parsed, new { kind = "check-backup", backup = parsed.GetValue(from) }, cancellationToken));
        return command;
    }

    private static Command BuildRestore(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The account." };
        var folder = new Option<string>("--folder") { Description = "Bring messages back below this folder, in place of the folders that they were in." };
        var command = new Command("restore", "Bring back into a mailbox the messages of a backup that it lacks.") { address, folder, from, Job.Detach };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => Job.RunAsync(
            client,
            parsed,
            new { kind = "restore-mailbox", address = parsed.GetValue(address), folder = parsed.GetValue(folder), backup = parsed.GetValue(from) },
            cancellationToken));
        return command;
    }

    private static Command BuildRestoreTenant(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Argument<string>("TENANT") { Description = "The tenant: gone, or one whose mailboxes lack messages." };
        var command = new Command("restore-tenant", "Bring back a tenant that is gone, or into the mailboxes of one that is there what they lack.") { tenant, from, Job.Detach };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) =>
            Job.RunAsync(client, parsed, new { kind = "restore-tenant", tenant = parsed.GetValue(tenant), backup = parsed.GetValue(from) }, cancellationToken));
        return command;
    }
}
