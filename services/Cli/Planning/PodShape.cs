namespace MailCloud.Cli.Planning;

/// <summary>A pod of a service: what the chart requests for it, and how many there are at least; a test holds them against helm/mailcloud/values.yaml.</summary>
/// <param name="Key">In the chart's values.</param>
/// <param name="Name">Of the Deployment.</param>
/// <param name="LeastPods">So that one may go.</param>
/// <param name="Cpu">As Kubernetes writes it.</param>
/// <param name="Memory">As Kubernetes writes it.</param>
/// <param name="ProcessMegabytes">What a process has without what its load brings.</param>
internal sealed record PodShape(string Key, string Name, int LeastPods, string Cpu, string Memory, double ProcessMegabytes)
{
    public const long Gibi = 1L << 30;

    private const long Mebi = 1L << 20;
    private const double MilliCores = 1_000;

    public static readonly PodShape SmtpIngress = new("smtpIngress", "smtp-ingress", 2, "500m", "512Mi", Figures.EntranceProcess.Value);

    public static readonly PodShape MailboxAccess = new("mailboxAccess", "mailbox-access", 2, "500m", "1Gi", Figures.AccessProcess.Value);

    public static readonly PodShape Mailboxes = new("mailboxes", "mailboxes", 3, "1", "2Gi", Figures.SiloProcess.Value + Figures.ChunkCache.Value);

    public static readonly PodShape LocalDelivery = new("localDelivery", "local-delivery", 2, "500m", "512Mi", Figures.DeliveryProcess.Value);

    public static readonly PodShape OutboundRelay = new("outboundRelay", "outbound-relay", 2, "250m", "512Mi", Figures.RelayProcess.Value);

    public static readonly PodShape Web = new("web", "web", 2, "250m", "512Mi", Figures.WebProcess.Value);

    public double Cores => Cpu.EndsWith('m') ? Number(Cpu[..^1]) / MilliCores : Number(Cpu);

    public long MemoryBytes => Memory.EndsWith("Gi", StringComparison.Ordinal) ? Number(Memory[..^2]) * Gibi : Number(Memory[..^2]) * Mebi;

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
