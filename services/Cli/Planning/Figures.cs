namespace MailCloud.Cli.Planning;

/// <summary>What was measured. deploy/CAPACITY.md has the same figures with where, when and on which machine; a test holds the two together.</summary>
internal static class Figures
{
    /// <summary>Of a processor's core, for each message that comes in, all mailboxes cold, two silos.</summary>
    public static readonly Figure MailInEntrance = new("a mail in: SmtpIngress", 2.03, "ms");

    public static readonly Figure MailInDelivery = new("a mail in: LocalDelivery", 1.53, "ms");

    public static readonly Figure MailInSilo = new("a mail in: Mailboxes", 4.05, "ms");

    public static readonly Figure SessionEdge = new("an IMAP session with one message read: MailboxAccess", 8.42, "ms");

    public static readonly Figure SessionSilo = new("an IMAP session with one message read: Mailboxes", 3.16, "ms");

    public static readonly Figure ReadEdge = new("a further message read: MailboxAccess", 0.64, "ms");

    public static readonly Figure ReadSilo = new("a further message read: Mailboxes", 0.16, "ms");

    /// <summary>Of AllInOne: the relay alone has not been measured.</summary>
    public static readonly Figure MailOut = new("a mail out: OutboundRelay", 0.46, "ms");

    public static readonly Figure EntranceProcess = new("a process: SmtpIngress", 125, "MB");

    public static readonly Figure DeliveryProcess = new("a process: LocalDelivery", 120, "MB");

    public static readonly Figure AccessProcess = new("a process: MailboxAccess", 129, "MB");

    public static readonly Figure SiloProcess = new("a process: Mailboxes", 251, "MB");

    public static readonly Figure RelayProcess = new("a process: OutboundRelay", 94, "MB");

    public static readonly Figure WebProcess = new("a process: Web", 104, "MB");

    /// <summary>Not measured but set: <c>Mailboxes:ChunkCacheBytes</c>.</summary>
    public static readonly Figure ChunkCache = new("the silo's chunk cache, full", 201, "MB");

    public static readonly Figure IdleConnection = new("an idle IMAP connection, TLS, in IDLE", 54.6, "kB");

    public static readonly Figure ActiveMailbox = new("an active mailbox with its address", 6.8, "kB");

    public static readonly Figure StoredState = new("a stored message beside its body", 2.12, "kB");

    public static readonly Figure Archive = new("a message in the archive of events", 2.15, "kB");

    /// <summary>Not measured but set.</summary>
    public static readonly Figure ArchiveDays = new("the archive is kept", 7, "days");

    public static readonly Figure MailInWrites = new("a mail in: storage writes", 2.152, "operations");

    public static readonly Figure MailInReads = new("a mail in: storage reads", 3.018, "operations");

    public static readonly Figure ReadWrites = new("a session that reads: storage writes", 1.002, "operations");

    public static readonly Figure ReadReads = new("a message read: storage reads", 1.009, "operations");

    public static readonly IReadOnlyList<Figure> All =
    [
        MailInEntrance, MailInDelivery, MailInSilo, SessionEdge, SessionSilo, ReadEdge, ReadSilo, MailOut,
        EntranceProcess, DeliveryProcess, AccessProcess, SiloProcess, RelayProcess, WebProcess, ChunkCache, IdleConnection, ActiveMailbox,
        StoredState, Archive, ArchiveDays, MailInWrites, MailInReads, ReadWrites, ReadReads,
    ];
}

/// <param name="Name">As the page has it.</param>
/// <param name="Unit">kB and MB are of thousands; ms are of one core of the machine that was measured.</param>
internal sealed record Figure(string Name, double Value, string Unit);
