namespace MailCloud.Cli.Planning;

/// <summary>What an installation takes, by arithmetic on <see cref="Figures"/>: pods of each service, storage and its operations, and their price.</summary>
internal sealed record CapacityPlan
{
    /// <summary>Azure and clusters are paid for by the month.</summary>
    private const int DaysOfMonth = 30;

    private const double SecondsOfDay = 86_400;
    private const double MsOfSecond = 1_000;
    private const double Kilo = 1_000;
    private const double Mega = 1_000_000;
    private const double Giga = 1_000_000_000;

    /// <summary>Prices of operations are for so many.</summary>
    private const int PricedOperations = 10_000;

    public required IReadOnlyList<ServiceNeed> Services { get; init; }

    /// <summary>That all pods together request.</summary>
    public double Cores => Services.Sum(service => service.Pods * service.Shape.Cores);

    /// <summary>Octets that all pods together request.</summary>
    public long MemoryBytes => Services.Sum(service => service.Pods * service.Shape.MemoryBytes);

    /// <summary>Messages that are kept.</summary>
    public required long Messages { get; init; }

    /// <summary>Octets in the storage account: bodies, what mailboxes keep of messages, and the archive of events.</summary>
    public required long StorageBytes { get; init; }

    /// <summary>Billed as writes, a month.</summary>
    public required long WritesAMonth { get; init; }

    /// <summary>Billed as reads, a month.</summary>
    public required long ReadsAMonth { get; init; }

    /// <summary>A month, of what has a price; null when nothing has.</summary>
    public double? CostAMonth { get; private init; }

    public static CapacityPlan Of(Load load, Prices prices)
    {
        var (came, went) = (load.Mailboxes * load.MessagesPerDay, load.Mailboxes * load.SentPerDay);

        // A mail that is sent is a body twice: on its way, and as its sender's copy.
        var kept = (came + went) * load.RetentionDays;
        var storage = (kept * (load.MessageBytes + (Figures.StoredState.Value * Kilo))) + ((came + went) * Figures.ArchiveDays.Value * Figures.Archive.Value * Kilo);
        var stored = came + (2 * went);
        var writes = ((stored * Figures.MailInWrites.Value) + (SessionsThatRead(load) * Figures.ReadWrites.Value)) * DaysOfMonth;
        var reads = ((stored * Figures.MailInReads.Value) + (came * Figures.ReadReads.Value)) * DaysOfMonth;
        var plan = new CapacityPlan
        {
            Services = ServicesOf(load),
            Messages = (long)Math.Round(kept),
            StorageBytes = (long)Math.Round(storage),
            WritesAMonth = (long)Math.Round(writes),
            ReadsAMonth = (long)Math.Round(reads),
        };
        return plan with { CostAMonth = plan.CostOf(prices) };
    }

    /// <summary>A row each, in the order of a message's way.</summary>
    private static List<ServiceNeed> ServicesOf(Load load)
    {
        var (came, went, sessions) = (load.Mailboxes * load.MessagesPerDay, load.Mailboxes * load.SentPerDay, load.Mailboxes * load.SessionsPerDay);
        var further = came - SessionsThatRead(load);
        var accepted = came + went;
        var connections = load.Mailboxes * load.ConnectionsShare * Figures.IdleConnection.Value * Kilo;
        return
        [
            Need(load, PodShape.SmtpIngress, accepted * Figures.MailInEntrance.Value, 0),
            Need(load, PodShape.LocalDelivery, accepted * Figures.MailInDelivery.Value, 0),
            Need(
                load, PodShape.Mailboxes, (accepted * Figures.MailInSilo.Value) + (sessions * Figures.SessionSilo.Value) + (further * Figures.ReadSilo.Value),
                load.Mailboxes * Figures.ActiveMailbox.Value * Kilo),
            Need(load, PodShape.MailboxAccess, (sessions * Figures.SessionEdge.Value) + (further * Figures.ReadEdge.Value), connections),
            Need(load, PodShape.OutboundRelay, went * Figures.MailOut.Value, 0),
            Need(load, PodShape.Web, 0, 0),
        ];
    }

    // Each message is read once, the first one of a session with its login.
    private static double SessionsThatRead(Load load) => load.Mailboxes * Math.Min(load.MessagesPerDay, load.SessionsPerDay);

    /// <param name="load">Its peak and headroom.</param>
    /// <param name="shape">The pod.</param>
    /// <param name="msOfDay">Processor, in ms a day.</param>
    /// <param name="memory">Octets in all pods together, beside what each process has.</param>
    private static ServiceNeed Need(Load load, PodShape shape, double msOfDay, double memory)
    {
        var cores = msOfDay / MsOfSecond / SecondsOfDay * load.Peak;
        var podsByCores = Math.Ceiling(cores / (shape.Cores * (1 - load.Headroom)));
        var podsByMemory = Math.Ceiling(memory / (shape.MemoryBytes - (shape.ProcessMegabytes * Mega)));
        var pods = (int)Math.Max(shape.LeastPods, Math.Max(podsByCores, podsByMemory));
        return new() { Service = shape.Name, Key = shape.Key, Pods = pods, CoresAtPeak = Math.Round(cores, 3), Shape = shape };
    }

    private double? CostOf(Prices prices)
    {
        var cost = (prices.Core * Cores)
            + (prices.Memory * MemoryBytes / PodShape.Gibi)
            + (prices.Storage * StorageBytes / Giga)
            + (((prices.Writes * WritesAMonth) + (prices.Reads * ReadsAMonth)) / PricedOperations);
        return cost > 0 ? Math.Round(cost, 2) : null;
    }
}

/// <summary>What comes at an installation.</summary>
internal sealed record Load
{
    public required long Mailboxes { get; init; }

    /// <summary>That each mailbox gets.</summary>
    public required double MessagesPerDay { get; init; }

    /// <summary>That each mailbox's owner sends to other hosts.</summary>
    public double SentPerDay { get; init; } = 5;

    /// <summary>Logins of each mailbox's owner.</summary>
    public double SessionsPerDay { get; init; } = 10;

    /// <summary>Octets of a message on average.</summary>
    public long MessageBytes { get; init; } = 75_000;

    /// <summary>IMAP connections that are open at once, for each mailbox.</summary>
    public double ConnectionsShare { get; init; } = 0.5;

    /// <summary>For how long a message is kept.</summary>
    public int RetentionDays { get; init; } = 365;

    /// <summary>The busiest minutes, as a multiple of the day's mean.</summary>
    public double Peak { get; init; } = 3;

    /// <summary>The part of the processor that is left over at the peak: for a pod that is gone, and for what the figures do not know.</summary>
    public double Headroom { get; init; } = 0.5;
}

/// <summary>Prices in a currency; 0: not counted.</summary>
/// <param name="Core">Of a core that pods request, a month.</param>
/// <param name="Memory">Of a GiB of memory that pods request, a month.</param>
/// <param name="Storage">Of a GB in the storage account, a month.</param>
/// <param name="Writes">Of 10,000 operations of storage that write.</param>
/// <param name="Reads">Of 10,000 operations of storage that read.</param>
internal sealed record Prices(double Core, double Memory, double Storage, double Writes, double Reads);

/// <summary>What a service takes.</summary>
internal sealed record ServiceNeed
{
    /// <summary>As the chart calls it.</summary>
    public required string Service { get; init; }

    /// <summary>Its key in the chart's values.</summary>
    public required string Key { get; init; }

    public required int Pods { get; init; }

    public required double CoresAtPeak { get; init; }

    public required PodShape Shape { get; init; }
}
