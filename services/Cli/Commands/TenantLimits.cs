using System.CommandLine;

namespace MailCloud.Cli.Commands;

/// <summary>The options that say a tenant's limits. What is not given stays.</summary>
internal sealed class TenantLimits
{
    private readonly Option<string?> plan = new("--plan") { Description = "What its limits are called." };
    private readonly Option<int?> domains = new("--domains") { Description = "Domains; 0, as of the other limits, is none." };
    private readonly Option<int?> accounts = new("--accounts") { Description = "Accounts, without postmasters." };
    private readonly Option<long?> storage = new("--storage") { Description = "Octets that the quotas of its accounts come to." };
    private readonly Option<long?> quota = new("--account-quota") { Description = "Octets: the quota of an account that is made without one." };
    private readonly Option<int?> recipients = new("--recipients-per-day") { Description = "Recipients outside the tenant." };
    private readonly Option<int?> sessions = new("--sessions") { Description = "Sessions that are logged in, on one edge." };

    private readonly Option<int?> commands = new("--commands-per-second")
    {
        Description = "Commands of its clients, and recipients of its own, that one edge works on; what is beyond waits.",
    };

    private readonly Option<int?> length = new("--password-length") { Description = "Characters that a password has at least which is set from now on; 8 when it is less." };

    private Option[] All => [plan, domains, accounts, storage, quota, recipients, sessions, commands, length];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>As the admin API takes them; null when none is given.</summary>
    public object? Read(ParseResult parsed) => All.All(option => parsed.GetResult(option) is null) ? null : new
    {
        plan = parsed.GetValue(plan),
        domains = parsed.GetValue(domains),
        accounts = parsed.GetValue(accounts),
        storageBytes = parsed.GetValue(storage),
        accountBytes = parsed.GetValue(quota),
        recipientsPerDay = parsed.GetValue(recipients),
        sessions = parsed.GetValue(sessions),
        commandsPerSecond = parsed.GetValue(commands),
        passwordLength = parsed.GetValue(length),
    };
}
