using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using MailCloud.Cli.Planning;

namespace MailCloud.Cli.Commands;

/// <summary><c>plan --mailboxes N --messages-per-day N</c>: what an installation of that size takes, by what was measured. It asks no server.</summary>
internal static class Plan
{
    private static readonly Load Usual = new() { Mailboxes = 0, MessagesPerDay = 0 };

    public static Command Build()
    {
        var mailboxes = new Option<double>("--mailboxes") { Description = "Accounts.", Required = true, CustomParser = result => Parse("--mailboxes", result, 1, 1e9) };
        var messages = new Option<double>("--messages-per-day") { Description = "Messages that each mailbox gets a day.", Required = true, CustomParser = result => Parse("--messages-per-day", result, 0, 1e6) };
        var size = new Option<long>("--message-size")
        {
            Description = "Octets of a message on average, with k or M for thousands and millions.",
            DefaultValueFactory = _ => Usual.MessageBytes,
            CustomParser = ParseSize,
        };
        var sent = Number("--sent-per-day", "Messages that each mailbox's owner sends a day", Usual.SentPerDay, 1e6);
        var sessions = Number("--sessions-per-day", "Logins of each mailbox's owner a day", Usual.SessionsPerDay, 1e6);
        var share = Number("--connections-share", "IMAP connections that are open at once, for each mailbox", Usual.ConnectionsShare, 100);
        var retention = Number("--retention", "Days for which a message is kept", Usual.RetentionDays, 36_500);
        var peak = Number("--peak", "The busiest minutes, as a multiple of the day's mean", Usual.Peak, 1_000);
        var headroom = Number("--headroom", "The part of the processor that is left over at the peak", Usual.Headroom, 0.95);
        var (core, memory, storage) = (Price("--price-core", "a core and month"), Price("--price-memory", "a GiB of memory and month"), Price("--price-storage", "a GB in the storage account and month"));
        var (writes, reads) = (Price("--price-writes", "10,000 operations of storage that write"), Price("--price-reads", "10,000 operations of storage that read"));
        var values = new Option<bool>("--values") { Description = "Print it as values for the chart, helm/mailcloud." };
        var command = new Command("plan", "What an installation takes, by what was measured (deploy/CAPACITY.md): pods, storage, its operations, and their cost when prices are given. It asks no server.")
        {
            mailboxes, messages, size, sent, sessions, share, retention, peak, headroom, core, memory, storage, writes, reads, values,
        };
        command.SetAction(parsed =>
        {
            var load = new Load
            {
                Mailboxes = (long)parsed.GetValue(mailboxes),
                MessagesPerDay = parsed.GetValue(messages),
                MessageBytes = parsed.GetValue(size),
                SentPerDay = parsed.GetValue(sent),
                SessionsPerDay = parsed.GetValue(sessions),
                ConnectionsShare = parsed.GetValue(share),
                RetentionDays = (int)parsed.GetValue(retention),
                Peak = parsed.GetValue(peak),
                Headroom = parsed.GetValue(headroom),
            };
            var plan = CapacityPlan.Of(load, new(parsed.GetValue(core), parsed.GetValue(memory), parsed.GetValue(storage), parsed.GetValue(writes), parsed.GetValue(reads)));
            if (parsed.GetValue(values))
            {
                Console.Write(ValuesOf(plan, load));
            }
            else
            {
                Print(Output.Of(parsed), plan, Assumptions(load));
            }

            return 0;
        });
        return command;
    }

    /// <summary>As helm/mailcloud takes them; requests are those that it has already.</summary>
    internal static string ValuesOf(CapacityPlan plan, Load load)
    {
        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $"# mailcloud plan: {load.Mailboxes} mailboxes, {load.MessagesPerDay} messages a day to each. Where autoscaling is on it sets the number of pods.\n");
        foreach (var service in plan.Services)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"{service.Key}:\n  replicas: {service.Pods}\n  resources: {{requests: {{cpu: \"{service.Shape.Cpu}\", memory: {service.Shape.Memory}}}}}\n");
        }

        return yaml.ToString();
    }

    private static void Print(Output output, CapacityPlan plan, string[] assumptions)
    {
        if (output.IsJson)
        {
            output.Write(new
            {
                services = plan.Services.Select(service => new { service = service.Service, pods = service.Pods, cpu = service.Shape.Cpu, memory = service.Shape.Memory, coresAtPeak = service.CoresAtPeak }),
                cores = plan.Cores,
                memoryBytes = plan.MemoryBytes,
                messages = plan.Messages,
                storageBytes = plan.StorageBytes,
                writesAMonth = plan.WritesAMonth,
                readsAMonth = plan.ReadsAMonth,
                costAMonth = plan.CostAMonth,
                assumptions,
            });
            return;
        }

        using (var listing = output.Begin("service", "pods", "each requests", "cores in use at the peak, together"))
        {
            foreach (var service in plan.Services)
            {
                listing.Add(service, service.Service, Text($"{service.Pods}"), $"{service.Shape.Cpu}, {service.Shape.Memory}", Text($"{service.CoresAtPeak:0.00}"));
            }
        }

        output.Write(
            plan,
            ("requested in all", Text($"{plan.Cores:0.##} cores, {Output.Size(plan.MemoryBytes)}")),
            ("messages kept", Text($"{plan.Messages:#,0}")),
            ("storage", Text($"{plan.StorageBytes / 1e9:#,0} GB ({Output.Size(plan.StorageBytes)})")),
            ("storage operations a month", Text($"{plan.WritesAMonth:#,0} writes, {plan.ReadsAMonth:#,0} reads")),
            ("cost a month", plan.CostAMonth is { } cost ? Text($"{cost:#,0.00}") : "not known: no prices were given"));
        output.Note($"This assumes:\n  {string.Join("\n  ", assumptions)}");
    }

    private static string[] Assumptions(Load load) =>
    [
        Text($"messages of {load.MessageBytes:#,0} octets; {load.SentPerDay} sent a day by each mailbox, {load.SessionsPerDay} logins; each message is read once, and kept for {load.RetentionDays} days"),
        Text($"{load.ConnectionsShare} IMAP connections for each mailbox, idle, with TLS; every mailbox active"),
        Text($"the peak is {load.Peak} times the day's mean, and {load.Headroom:P0} of the processor is left over then"),
        "a core is one of the machine of deploy/CAPACITY.md; mailboxes are cold, on two silos",
        "a mail that is sent costs what one that comes does, its relay, and its sender's copy in storage",
        "not counted: RabbitMQ, Redis, traffic, POP3, search, spam that is refused at RCPT",
    ];

    private static Option<double> Number(string name, string description, double usual, double most) => new(name)
    {
        Description = $"{description}.",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Parse(name, result, 0, most),
    };

    private static Option<double> Price(string name, string what) => new(name)
    {
        Description = $"Price of {what}, in any currency; without it not counted.",
        CustomParser = result => Parse(name, result, 0, 1e6),
    };

    private static double Parse(string name, ArgumentResult result, double least, double most)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        result.AddError(Text($"{name} is '{text}': a number from {least} to {most}"));
        return least;
    }

    private static long ParseSize(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var unit = text.Length > 0 ? text[^1] switch { 'k' => 1_000L, 'M' => 1_000_000, _ => 1 } : 1;
        if (long.TryParse(unit == 1 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1_000_000_000)
        {
            return number * unit;
        }

        result.AddError($"--message-size is '{text}': octets, as 75000 or 75k");
        return 0;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
