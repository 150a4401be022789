using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MailCloud.Cli.Commands;
using MailCloud.Cli.Planning;

namespace MailCloud.Cli.Tests;

/// <summary>The arithmetic of a plan, and that its figures are those of the page, of the benchmark and of the chart.</summary>
public sealed partial class PlanTests
{
    private const string Page = "deploy/CAPACITY.md";
    private const string Benchmarks = "tests/Benchmarks/README.md";
    private const string Values = "helm/mailcloud/values.yaml";

    private static readonly Prices free = new(0, 0, 0, 0, 0);

    /// <summary>Of the benchmark's tables the last column is meant: 100,000 mailboxes, two silos; of further messages the one of 100 mailboxes and two silos, where a session reads 70 of them.</summary>
    private static readonly (Figure Figure, string Table, string Row, Index Column)[] measured =
    [
        (Figures.MailInEntrance, "mail in: CPU s per 1,000 messages", "smtp-ingress", ^1),
        (Figures.MailInDelivery, "mail in: CPU s per 1,000 messages", "local-delivery", ^1),
        (Figures.MailInSilo, "mail in: CPU s per 1,000 messages", "mailboxes", ^1),
        (Figures.SessionEdge, "mail read: CPU s per 1,000 messages", "mailbox-access", ^1),
        (Figures.SessionSilo, "mail read: CPU s per 1,000 messages", "mailboxes", ^1),
        (Figures.ReadEdge, "mail read: CPU s per 1,000 messages", "mailbox-access", 2),
        (Figures.ReadSilo, "mail read: CPU s per 1,000 messages", "mailboxes", 2),
        (Figures.EntranceProcess, "memory (PSS) after the run, MB", "smtp-ingress-1", ^1),
        (Figures.DeliveryProcess, "memory (PSS) after the run, MB", "local-delivery-1", ^1),
        (Figures.AccessProcess, "memory (PSS) after the run, MB", "mailbox-access-1", ^1),
        (Figures.RelayProcess, "memory (PSS) after the run, MB", "outbound-relay-1", ^1),
        (Figures.WebProcess, "memory (PSS) after the run, MB", "web-1", ^1),
        (Figures.SiloProcess, "memory (PSS) after the run, MB", "mailboxes-1", 2),
        (Figures.IdleConnection, "2,000 idle connections, kB each", "TLS, in IDLE", 1),
        (Figures.ReadWrites, "mail read: storage operations per message", "AppendBlock, journal", ^1),
    ];

    [Fact]
    public void The_page_has_the_figures_of_the_command()
    {
        var rows = FigureRow().Matches(Section(Read(Page), "## Figures")).Select(row => (row.Groups[1].Value, row.Groups[2].Value));
        Assert.Equal(Figures.All.Select(figure => (figure.Name, Of($"{figure.Value} {figure.Unit}"))), rows);
    }

    [Fact]
    public void Figures_of_the_benchmark_are_the_benchmarks()
    {
        var text = Read(Benchmarks);
        Assert.All(measured, cell => Assert.Equal(cell.Figure.Value, Cell(text, cell.Table, cell.Row, cell.Column)));
        const string In = "mail in: storage operations per message";
        const string Out = "mail read: storage operations per message";
        Assert.Equal(Figures.MailInWrites.Value, Cell(text, In, "PutBlob, body", ^1) + Cell(text, In, "AppendBlock, journal", ^1), 3);
        Assert.Equal(Figures.MailInReads.Value, Cell(text, In, "GetBlob, body", ^1) + Cell(text, In, "GetBlob, journal", ^1), 3);
        Assert.Equal(Figures.ReadReads.Value, Cell(text, Out, "GetBlob, body", ^1) + Cell(text, Out, "GetBlob, journal", ^1), 3);
        const string Memory = "memory (PSS) after the run, MB";
        Assert.Equal(Figures.ActiveMailbox.Value, (Cell(text, Memory, "mailboxes-1", ^2) - Cell(text, Memory, "mailboxes-1", 1)) / 100, 1);
    }

    [Fact]
    public void Pods_are_those_of_the_chart()
    {
        PodShape[] shapes = [PodShape.SmtpIngress, PodShape.MailboxAccess, PodShape.Mailboxes, PodShape.LocalDelivery, PodShape.OutboundRelay, PodShape.Web];
        var chart = Service().Matches(Read(Values)).Select(service => string.Join(' ', service.Groups.Values.Skip(1).Select(group => group.Value)));
        Assert.Equal(shapes.Select(shape => Of($"{shape.Key} {shape.LeastPods} {shape.Cpu} {shape.Memory}")), chart);
    }

    // What the chart has is enough for ten thousand mailboxes.
    // 1,000,000 × 30 / 86,400 s × 3 = 1,042 mails a second: at the entrance, 2.03 ms each, 2.115 cores, and half of what nine pods request. Half a million connections need 29 pods for their memory.
    // Connections that say nothing need memory alone: 200,000 of 54.6 kB, in pods that have 945 MB for them.
    [Theory]
    [InlineData(10_000, 20, 5, 10, 0.5, "smtp-ingress 2 0.018, local-delivery 2 0.013, mailboxes 3 0.047, mailbox-access 2 0.031, outbound-relay 2 0.001, web 2 0")]
    [InlineData(1_000_000, 25, 5, 10, 0.5, "smtp-ingress 9 2.115, local-delivery 7 1.594, mailboxes 11 5.399, mailbox-access 29 3.257, outbound-relay 2 0.08, web 2 0")]
    [InlineData(100_000, 0, 0, 0, 2, "smtp-ingress 2 0, local-delivery 2 0, mailboxes 3 0, mailbox-access 12 0, outbound-relay 2 0, web 2 0")]
    public void Pods_follow_from_the_load(long mailboxes, double messages, double sent, double sessions, double connections, string expected)
    {
        var load = Usual(mailboxes, messages) with { SentPerDay = sent, SessionsPerDay = sessions, ConnectionsShare = connections };
        Assert.Equal(expected, string.Join(", ", CapacityPlan.Of(load, free).Services.Select(service => Of($"{service.Service} {service.Pods} {service.CoresAtPeak}"))));
    }

    [Fact]
    public void Storage_and_its_operations_follow_from_the_load()
    {
        // 1,000 mailboxes, 10 a day, 2 logins, nothing sent; a message of 10 kB for 100 days.
        var plan = CapacityPlan.Of(Usual(1_000, 10) with { SentPerDay = 0, SessionsPerDay = 2, MessageBytes = 10_000, RetentionDays = 100 }, free);
        Assert.Equal(1_000_000, plan.Messages);
        Assert.Equal((1_000_000 * 12_120L) + (10_000 * 7 * 2_150L), plan.StorageBytes);
        Assert.Equal(((10_000 * 2_152L) + (2_000 * 1_002L)) * 30 / 1_000, plan.WritesAMonth);
        Assert.Equal(((10_000 * 3_018L) + (10_000 * 1_009L)) * 30 / 1_000, plan.ReadsAMonth);
        Assert.Null(plan.CostAMonth);
    }

    [Theory]
    [InlineData(10, 0, 0, 0, 0, 70.0)]
    [InlineData(0, 2, 0, 0, 0, 24.0)]
    [InlineData(0, 0, 0.02, 0, 0, 0.25)]
    [InlineData(0, 0, 0, 0.05, 0.004, 4.01)]
    public void Each_price_counts_what_it_is_of(double core, double memory, double storage, double writes, double reads, double cost)
    {
        var load = Usual(1_000, 10) with { SentPerDay = 0, SessionsPerDay = 2, MessageBytes = 10_000, RetentionDays = 100 };
        Assert.Equal(cost, CapacityPlan.Of(load, new(core, memory, storage, writes, reads)).CostAMonth);
    }

    [Fact]
    public void Values_are_for_services_of_the_chart()
    {
        var load = Usual(1_000_000, 25);
        var yaml = Plan.ValuesOf(CapacityPlan.Of(load, free), load);
        var keys = Key().Matches(yaml).Select(key => key.Groups[1].Value).ToList();
        Assert.Equal(6, keys.Count);
        Assert.All(keys, key => Assert.Contains(Of($"\n{key}:\n"), Read(Values), StringComparison.Ordinal));
        Assert.Contains("smtpIngress:\n  replicas: 9\n  resources: {requests: {cpu: \"500m\", memory: 512Mi}}\n", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_needs_no_server()
    {
        var (exit, output, error) = await RunAsync("--mailboxes", "10000", "--messages-per-day", "20", "--message-size", "100k");
        Assert.Equal((0, ""), (exit, error));
        var plan = JsonDocument.Parse(output).RootElement;
        Assert.Equal(["smtp-ingress", "local-delivery", "mailboxes", "mailbox-access", "outbound-relay", "web"], plan.GetProperty("services").EnumerateArray().Select(service => service.GetProperty("service").GetString()!));
        Assert.Equal(JsonValueKind.Null, plan.GetProperty("costAMonth").ValueKind);
        Assert.Contains("100,000 octets", plan.GetProperty("assumptions")[0].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--mailboxes", "0")]
    [InlineData("--mailboxes", "many")]
    [InlineData("--message-size", "75q")]
    [InlineData("--headroom", "1")]
    [InlineData("--price-core", "-1")]
    public async Task What_is_no_size_is_said(string option, string value)
    {
        string[] needed = option == "--mailboxes" ? [] : ["--mailboxes", "10"];
        var (exit, _, error) = await RunAsync([.. needed, "--messages-per-day", "20", option, value]);
        Assert.Equal(1, exit);
        Assert.Contains($"{option} is '{value}'", error, StringComparison.Ordinal);
    }

    private static Load Usual(long mailboxes, double messages) => new() { Mailboxes = mailboxes, MessagesPerDay = messages };

    private static Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments) =>
        CommandProcess.RunInAsync(AppContext.BaseDirectory, new() { ["MAILCLOUD_SERVER"] = "http://127.0.0.1:1" }, ["plan", .. arguments]);

    /// <summary>A number in a table that begins with a header of this name; of several numbers in the cell the first.</summary>
    private static double Cell(string text, string table, string row, Index column)
    {
        var lines = text[text.IndexOf($"| {table} |", StringComparison.Ordinal)..].Split('\n').TakeWhile(line => line.StartsWith('|'));
        var cells = lines.Single(line => line.StartsWith($"| {row} |", StringComparison.Ordinal)).Trim('|').Split('|', StringSplitOptions.TrimEntries);
        return double.Parse(cells[column].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static string Section(string text, string heading)
    {
        var start = text.IndexOf(heading + "\n", StringComparison.Ordinal);
        var end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return text[start..(end < 0 ? text.Length : end)];
    }

    private static string Read(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("no MailCloud.sln above the tests");
        }

        return File.ReadAllText(Path.Combine(folder.FullName, file));
    }

    private static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| ([^|]+) \| ([\d.]+ \w+) \|", RegexOptions.Multiline)]
    private static partial Regex FigureRow();

    [GeneratedRegex(@"^(\w+):\n  replicas: (\d+)\n(?:  .*\n)*?  resources:\n    requests: \{cpu: ""?(\w+)""?, memory: (\w+)\}", RegexOptions.Multiline)]
    private static partial Regex Service();

    [GeneratedRegex(@"^(\w+):$", RegexOptions.Multiline)]
    private static partial Regex Key();
}
