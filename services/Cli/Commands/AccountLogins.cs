using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary><c>account logins ADDRESS</c>: who has logged in to an account of late, and who has tried.</summary>
internal static class AccountLogins
{
    public static Command Build(Func<ParseResult, AdminClient> connect)
    {
        var address = new Argument<string>("ADDRESS") { Description = "The account, local@domain." };
        var command = new Command("logins", "List the last logins and failures, the newest first; those of a day that differ in their time only are one, with a count.") { address };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var answer = await client.GetAsync($"{AddressShow.PathOf(parsed.GetValue(address)!)}/logins", cancellationToken);
            using var listing = Output.Of(parsed).Begin("first at", "last at", "count", "protocol", "network", "means (app password)", "result");
            foreach (var login in answer.GetProperty("logins").EnumerateArray())
            {
                listing.Add(
                    login,
                    Output.Time(login, "firstAt"),
                    Output.Time(login, "lastAt"),
                    Output.Member(login, "count"),
                    Output.Member(login, "protocol"),
                    Output.Member(login, "network"),
                    Output.Member(login, "appPassword") is { } name ? $"{Output.Member(login, "means")} ({name})" : Output.Member(login, "means"),
                    Output.Member(login, "result"));
            }

            listing.End();
            return 0;
        });
        return command;
    }
}
