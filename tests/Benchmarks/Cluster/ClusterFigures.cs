using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>The tables that a run of the benchmark prints.</summary>
internal sealed class ClusterFigures
{
    /// <summary>Bodies to a shared blob, in what packing them would save.</summary>
    private static readonly int[] Packs = [10, 100];

    private readonly Figures load = new("load");
    private readonly Figures memory = new("memory (PSS) after the run, MB");

    /// <summary>Mail in: SMTP to filed.</summary>
    public PhaseFigures In { get; } = new("mail in", Packs);

    /// <summary>Mail read by IMAP.</summary>
    public PhaseFigures Read { get; } = new("mail read", []);

    public void AddLoad(string name, string row, double value, string format) => load.Add(name, row, value, format);

    public void AddMemory(string name, ClusterServer cluster)
    {
        foreach (var (process, bytes) in cluster.Memory())
        {
            memory.Add(name, process, bytes / 1e6, "F0");
        }
    }

    public void Print(TextWriter output)
    {
        load.Print(output);
        In.Print(output);
        Read.Print(output);
        memory.Print(output);
    }
}

/// <summary>What one kind of work takes, per message.</summary>
/// <param name="work">Its name.</param>
/// <param name="packs">For so many bodies to a shared blob each, the price of storage operations is computed too.</param>
internal sealed class PhaseFigures(string work, int[] packs)
{
    private readonly Figures cpu = new($"{work}: CPU s per 1,000 messages");
    private readonly Figures operations = new($"{work}: storage operations per message");
    private readonly Figures price = new($"{work}: price of storage operations, USD per 1,000,000 messages");

    public void Add(string name, ClusterUsage usage, long messages)
    {
        foreach (var (kind, seconds) in usage.CpuSeconds)
        {
            cpu.Add(name, kind, seconds * 1000 / messages, "F2");
        }

        var own = usage.CpuSeconds.Where(kind => !ClusterServer.IsBacking(kind.Key)).Sum(kind => kind.Value);
        cpu.Add(name, "MailCloud's services together", own * 1000 / messages, "F2");
        cpu.Add(name, "so messages/s on one core", messages / own, "F0");
        cpu.Add(name, "load generator", usage.GeneratorCpuSeconds * 1000 / messages, "F2");

        foreach (var ((operation, of), count) in usage.Storage.Counts.OrderBy(kind => kind.Key.Of).ThenByDescending(kind => kind.Value))
        {
            operations.Add(name, $"{operation}, {of}", (double)count / messages, "F3");
        }

        price.Add(name, "as they are", usage.Storage.Price * 1e6 / messages, "F2");
        foreach (var bodies in packs)
        {
            price.Add(name, $"{bodies} bodies to a blob", usage.Storage.PriceWithPackedBodies(bodies) * 1e6 / messages, "F2");
        }
    }

    public void Print(TextWriter output)
    {
        cpu.Print(output);
        operations.Print(output);
        price.Print(output);
    }
}
