using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Messages;

namespace MailCloud.Golden.Tests;

/// <summary>One record of each stored type, every member set.</summary>
internal static class Samples
{
    private static readonly TenantId Tenant = new("demo");
    private static readonly AccountId Account = new("demo/0123456789abcdef0123456789abcdef");
    private static readonly EmailAddress Address = new("用户", "example.test");
    private static readonly DateTimeOffset Time = new(2026, 11, 24, 12, 34, 56, TimeSpan.Zero);
    private static readonly DeliveryId Delivery = new(Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"));
    private static readonly MessageRow Row = new(7, 1234, 1200, Time.ToUnixTimeMilliseconds(), Delivery.Value);

    private static readonly EnvelopeRecipient Recipient = new()
    {
        Address = Address,
        Mailboxes = [Account],
        Remote = [new("far", "example.org")],
        OriginalRecipient = "rfc822;old@example.test",
        Notify = DsnNotify.Success | DsnNotify.Failure,
    };

    private static readonly QueuedMessage Message = new()
    {
        Id = Delivery,
        Tenant = Tenant,
        Body = new(BodyRef.NameFor(Tenant, Delivery), 1200),
        Envelope = new()
        {
            Sender = Address,
            Recipients = [Recipient],
            Body = BodyType.EightBitMime,
            SmtpUtf8 = true,
            EnvelopeId = "env",
            Return = DsnReturn.Full,
            Kind = TransactionKind.SendAndMail,
        },
        Trace = "Received: by mail.example.test\r\n",
        Submitter = Account,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    private static readonly SpoolEntry Entry = new()
    {
        Message = Message,
        Kind = SpoolKind.Local,
        Attempts = 3,
        DueAt = Time,
        LastError = "over quota",
        DelayReported = true,
    };

    private static readonly AddressRecord AddressRecord = new()
    {
        Address = Address,
        Tenant = Tenant,
        Kind = AddressKind.Account,
        Account = Account,
        Targets = [new("far", "example.org")],
        Verifier = "{SCRAM-SHA-256}4096,c2FsdA==,c3RvcmVk,c2VydmVy",
        QuotaBytes = 5000,
        SendAs = ["sales@example.test"],
    };

    private static readonly EnvelopeFields Fields = new()
    {
        Date = "Tue, 24 Nov 2026 12:34:56 +0000",
        Subject = "=?utf-8?B?5Lit5paH?=",
        From = [new("Name", null, "from", "example.org")],
        Sender = [new(null, null, "sender", "example.org")],
        ReplyTo = [new(null, null, "reply", "example.org")],
        To = [new(null, null, "to", "example.org")],
        Cc = [new(null, null, "cc", "example.org")],
        Bcc = [new(null, "@route", "bcc", "example.org")],
        InReplyTo = "<a@example.org>",
        MessageId = "<b@example.org>",
        SentAt = Time,
    };

    public static readonly IReadOnlyList<object> All =
    [
        Message,
        new MailboxCreated { QuotaBytes = 5000, Folders = [new("Sent", "\\Sent")], UidValidity = 1795523696 },
        new QuotaChanged { QuotaBytes = 6000 },
        new MessageFiled { FolderId = 1, Row = Row, ModSeq = 9, Delivery = Delivery, Content = new byte[] { 1, 2, 3 } },
        new FlagsChanged
        {
            FolderId = 1,
            ModSeq = 10,
            Changes = [new(7, MessageFlags.None, MessageFlags.Seen)],
            NewKeywords = ["$Forwarded"],
            Operation = Delivery.Value,
            Unmodified = [8],
            At = Time,
        },
        new RecentClaimed { FolderId = 1, RecentFrom = 8 },
        new MailboxManifest
        {
            ModSeq = 10,
            QuotaBytes = 5000,
            UsedBytes = 1234,
            NextFolderId = 3,
            NextUidValidity = 1795523698,
            Keywords = ["$Forwarded"],
            Folders =
            [
                new()
                {
                    Id = 1,
                    Name = "INBOX",
                    SpecialUse = "\\Archive",
                    Subscribed = true,
                    UidValidity = 1795523696,
                    UidNext = 8,
                    RecentFrom = 8,
                    Chunks =
                    [
                        new()
                        {
                            Rows = "rows",
                            Contents = "contents",
                            Flags = "flags",
                            Uids = [new(7, 7)],
                            Unseen = 1,
                            Deleted = 1,
                            Bytes = 1234,
                            MaxModSeq = 10,
                            FirstBodyAt = 1,
                            LastBodyAt = 2,
                            Overrides = [new(7, MessageFlags.Seen, 10)],
                        },
                    ],
                    HighestModSeq = 10,
                    Expunged = [new(3, 4, 9)],
                    ExpungedSegments = [new("expunged", 8)],
                },
            ],
            FiledDays = [new() { Day = 739944, Blob = "filed", Inline = [Delivery.Value] }],
            Operations = [new(Delivery.Value, Time, [8]) { Sources = [new(1, 2)], Targets = [new(8, 9)], UidValidity = 1795523697 }],
            Archives = [new("archive", Time, 10)],
            OrphanSubscriptions = ["旧"],
            RetiredNames = [new("old", 1795523690)],
            ForgottenUidValidity = 1795523680,
            BodyCopies = [new(Delivery.Value, 2)],
            Outbox = [Delivery.Value],
            Discards = [new("rows", [new(1, 2)])],
        },
        new FolderCreated { FolderId = 3, Name = "中文", SpecialUse = "\\Junk", UidValidity = 1795523698, Operation = Delivery.Value, At = Time, ModSeq = 11 },
        new FolderDeleted { FolderId = 3, Operation = Delivery.Value, At = Time, ModSeq = 12 },
        new FoldersRenamed { Folders = [new(3, "new", 1795523699)], Operation = Delivery.Value, At = Time, ModSeq = 13 },
        new InboxRenamed { FolderId = 4, Name = "old mail", UidValidity = 1795523700, Operation = Delivery.Value, At = Time, ModSeq = 14 },
        new SubscriptionChanged { Name = "中文", Subscribed = true },
        new MessagesAppended
        {
            FolderId = 1,
            Messages = [new(Row, MessageFlags.Draft, new byte[] { 1, 2, 3 })],
            NewKeywords = ["$MDNSent"],
            UidValidity = 1795523696,
            Operation = Delivery.Value,
            At = Time,
            ModSeq = 15,
        },
        new MessagesCopied
        {
            SourceId = 1,
            Sources = [new(7, 7)],
            TargetId = 2,
            Messages = [new(Row, MessageFlags.Flagged, new byte[] { 1, 2, 3 })],
            Move = true,
            UidValidity = 1795523697,
            Operation = Delivery.Value,
            At = Time,
            ModSeq = 16,
        },
        new MessagesExpunged { FolderId = 1, Messages = [new(7, MessageFlags.Deleted, 1234, Delivery.Value)], Operation = Delivery.Value, At = Time, ModSeq = 17 },
        new DiscardRead { RowsBlob = "rows", Bodies = [Delivery.Value] },
        new BodiesReleased { Bodies = [Delivery.Value] },
        new ExpungedEntries { Ranges = [new(1, 2, 8)] },
        new ChunkRows { Rows = [Row], ContentOffsets = [0, 3] },
        new ChunkFlags { Flags = [MessageFlags.Seen], ModSeqs = [10] },
        new FiledDay { Deliveries = [Delivery.Value] },
        new MessageContent([1, 2, 3], new()
        {
            Envelope = Fields,
            Structure = new()
            {
                Type = "message",
                Subtype = "rfc822",
                Parameters = ["charset", "utf-8"],
                ContentId = "<c@example.org>",
                Description = "d",
                Encoding = "8BIT",
                Lines = 3,
                Md5 = "md5",
                Disposition = "attachment",
                DispositionParameters = ["filename", "f"],
                Language = ["zh"],
                Location = "l",
                HeaderOffset = 1,
                BodyOffset = 2,
                BodyLength = 3,
                Parts = [new() { Type = "text", Subtype = "plain", BinaryAt = 6 }],
                Envelope = Fields,
            },
            Header = [4, 5],
            Preview = "预览",
            References = ["r@example.org"],
            ShownLength = 7,
        }),
        new TenantCreated(),
        new DomainAdded("example.test"),
        new TenantState { Created = true, Domains = ["example.test"] },
        new DomainHosted(Tenant),
        new DomainState { Tenant = Tenant },
        new AddressChanged(AddressRecord),
        new AddressState { Record = AddressRecord },
        new AddressListed("a@example.test"),
        new AddressIndexState { Keys = ["a@example.test"] },
        new EntriesAdded([Entry]),
        new AttemptFailed("key", Time, "error", true),
        new EntryFinished("key", Time),
        new SpoolState { Entries = { ["key"] = Entry }, Finished = { ["done"] = Time } },
    ];
}
