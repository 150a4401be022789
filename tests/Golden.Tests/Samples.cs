using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Audit;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Push;
using MailCloud.Mailboxes.Sending;
using MailCloud.Mailboxes.Spool;
using MailCloud.Mailboxes.Submissions;
using MailCloud.Mailboxes.Suppressions;
using MailCloud.Mailboxes.Tokens;
using MailCloud.Mailboxes.Traces;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Mailboxes.Vacation;
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
    private static readonly MessageRow Row = new(7, 1234, 1200, Time.ToUnixTimeMilliseconds(), Delivery.Value, Thread: 0x0123456789abcdef, CreatedModSeq: 5, AddedModSeq: 6);

    private static readonly DepartedEmail Departed = new(Delivery.Value, 0x0123456789abcdef, 5, 17, Gone: true);

    private static readonly EnvelopeRecipient Recipient = new()
    {
        Address = Address,
        Mailboxes = [Account],
        Remote = [new("far", "example.org")],
        OriginalRecipient = "rfc822;old@example.test",
        Notify = DsnNotify.Success | DsnNotify.Failure,
        Groups = [new("all", "example.test")],
    };

    private static readonly SendingIdentity Identity = new()
    {
        Id = Delivery.Value,
        Name = "Alice",
        Email = "alice@example.test",
        ReplyTo = [new("Reply", "reply@example.test")],
        Bcc = [new(null, "bcc@example.test")],
        TextSignature = "--",
        HtmlSignature = "<hr>",
    };

    private static readonly MailSubmission Submission = new()
    {
        Id = Delivery.Value,
        Identity = Delivery.Value,
        Email = Delivery.Value,
        Thread = 7,
        From = new("alice@example.test", [new("HOLDFOR", "10")]),
        To = [new("far@example.org", null)],
        SendAt = Time,
        Undo = UndoStatus.Canceled,
        Messages = [new() { Delivery = Delivery, Tenant = Tenant, Recipients = [Recipient] }],
    };

    private static readonly VacationResponse Vacation = new()
    {
        IsEnabled = true,
        FromDate = Time,
        ToDate = Time.AddDays(14),
        Subject = "Away",
        TextBody = "I am away.",
        HtmlBody = "<p>I am away.",
        Address = Address,
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
            Priority = -3,
            HoldUntil = Time,
            DeliverBy = new(Time, Return: true, Trace: true),
            Tls = TlsDemand.Required,
            HoldRequest = "for;3600",
        },
        Trace = "Received: by mail.example.test\r\n",
        Submitter = Account,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ReportedAt = Time,
        SubmitterAddress = new("a", "example.test"),
        Origin = Delivery,
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

    private static readonly EntryChange Change = new()
    {
        Key = "a:far@example.org",
        Page = 3,
        Final = true,
        Attempts = 1,
        DueAt = Time,
        Error = "later",
        DelayReported = true,
        Kind = SpoolKind.Outbound,
        TakenOut = true,
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
        State = AccountState.Suspended,
        HasSecondFactor = true,
        Group = new() { Owner = Address, Posting = GroupPosting.Members },
    };

    private static readonly ExpansionPage Expansion = new()
    {
        Number = 7,
        Recipients = [Recipient],
        Sender = Address,
        Walked = new(Address, "a@example.test", 2),
        EndsGroup = true,
        Groups = [Address],
    };

    private static readonly TotpSecret Factor = new(new byte[] { 1, 2, 3 });

    private static readonly KeptAppPassword AppPassword = new(
        new()
        {
            Id = Delivery.Value,
            Name = "phone",
            Scopes = LoginProtocols.Imap | LoginProtocols.Smtp,
            MadeAt = Time,
            ExpiresAt = Time,
            LastUse = new(Time, LoginProtocols.Imap, "192.0.2.1"),
        },
        "0123456789abcdef");

    private static readonly LoginRow Login = new(new(LoginProtocols.Imap, "192.0.2.1", "PLAIN", "phone", LoginResult.Limited), Time, Time, 3);

    private static readonly StandingChange Standing = new(Tenant, "a@example.test", Account, EndsSessions: true) { AppPassword = Delivery.Value, Domain = "example.test" };

    private static readonly TenantLimits Limits = new()
    {
        Plan = "small",
        Domains = 1,
        Accounts = 10,
        StorageBytes = 10_000_000_000,
        AccountBytes = 1_000_000_000,
        RecipientsPerDay = 500,
        Sessions = 20,
        CommandsPerSecond = 200,
        PasswordLength = 12,
    };

    private static readonly DomainRoute Route = new() { AliasOf = "example.test", CatchAll = Address };

    private static readonly UsageClaim Claim = new(Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c"), "a@example.test", 1, 5000);

    private static readonly AuditRecord Audited = new()
    {
        Sequence = 7,
        Act = Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"),
        At = Time,
        TokenId = "0193a1b2c3d47e5f8a6b7c8d9e0f1a2b",
        Name = "desk",
        Role = AdminRole.HelpDesk,
        From = "127.0.0.1",
        Operation = "PUT /addresses/{address}",
        Path = "/admin/v1/addresses/a@example.test",
        Status = 200,
        Before = """{"state":"active"}""",
        After = """{"state":"suspended"}""",
    };

    private static readonly JobSpec Job = new() { Kind = JobKind.Sweep, Tenant = Tenant, By = "root", Grace = TimeSpan.FromHours(1) };

    private static readonly JobRecord JobRecorded = new() { Sequence = 7, Kind = "failed", Subject = "a@example.test", Text = "it could not be stored", Line = 12 };

    private static readonly ApiToken Token = new()
    {
        Id = "0193a1b2c3d47e5f8a6b7c8d9e0f1a2b",
        Name = "desk",
        Role = AdminRole.User,
        Tenant = Tenant,
        Address = "a@example.test",
        Account = Account,
        Permissions = AdminPermission.ReadDirectory | AdminPermission.ResetPasswords,
        IsReadOnly = true,
        Hash = [1, 2, 3],
        CreatedAt = Time,
        CreatedBy = "root",
        ExpiresAt = Time.AddDays(1),
        LastUsedAt = Time.AddHours(1),
        IsSignIn = true,
        AppPassword = Delivery.Value,
    };

    private static readonly PushSubscription Subscription = new()
    {
        Id = Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"),
        Account = Account,
        Address = "a@example.test",
        Credential = "password",
        DeviceClientId = "a889-ffea-910",
        Url = "https://push.example.org/1",
        P256dh = [4, 1, 2, 3],
        Auth = [5, 6],
        Code = "code",
        IsCodeSent = true,
        IsVerified = true,
        Expires = Time,
        Types = ["Email", "Mailbox"],
    };

    private static readonly Suppression Suppression = new()
    {
        Address = "a@example.org",
        At = Time,
        Reason = "550 5.1.1 no such user",
        Host = "mx.example.org",
        ByAdministrator = true,
        Until = Time,
    };

    private static readonly OidcIssuer Issuer = new()
    {
        Issuer = "https://id.example.test/realm",
        Audiences = ["mail"],
        AccountClaim = "preferred_username",
        Scopes = ["mail.access"],
    };

    private static readonly StoredDkimKey DkimKey = new()
    {
        Selector = "rsa-20261124",
        Algorithm = DkimAlgorithm.Ed25519,
        PrivateKey = new byte[] { 1, 2, 3 },
        PublicKey = new byte[] { 4, 5 },
        CreatedAt = Time,
        SignsFrom = Time.AddDays(2),
        RetiredAt = Time.AddDays(3),
    };

    private static readonly TraceEvent Traced = new()
    {
        Delivery = Delivery,
        At = Time,
        Kind = TraceKind.Deferred,
        Recipients = ["far@example.org"],
        Count = 2,
        Reply = "451 4.7.1 come back later",
        MessageId = "m@example.test",
        Session = new("demo", "submission", "192.0.2.1", "client.example", "alice@example.test", "Tls13 TLS_AES_256_GCM_SHA384", "alice@example.test", 1200),
        Filing = new(Account.Value, "INBOX", 4, 7),
        Hop = new("mx.example.org", "192.0.2.2", "TLS1.3 TLS_AES_256_GCM_SHA384 dane"),
        Other = Delivery,
        DueAt = Time.AddHours(1),
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
        new WaitingMessages { Messages = [Message], Keys = [$"{Delivery}:far@example.org"] },
        new UpkeepTurnTaken(Delivery.Value, UpkeepWork.Backup, Time),
        new UpkeepTurnsState { Taken = [new(Delivery.Value, UpkeepWork.Backup, Time)] },
        new TraceBatch([Traced]),
        new TraceSegment([Traced]),
        new TraceState { Segments = [new("state/trace/2026112412/3/segment-a", [1, 2, 3])] },
        new MailboxCreated { QuotaBytes = 5000, Folders = [new("Sent", "\\Sent")], UidValidity = 1795523696 },
        new QuotaChanged { QuotaBytes = 6000, Vacation = new(IsOn: true, Time) },
        new MailboxRestored { At = Time, UidGap = 100, ModSeqGap = 1000 },
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
                            FirstDate = 3,
                            LastDate = 4,
                            Unread = 1,
                            AddedFrom = 9,
                            HasThreads = true,
                        },
                    ],
                    HighestModSeq = 10,
                    Expunged = [new(3, 4, 9)],
                    ExpungedSegments = [new("expunged", 8)],
                    CreatedModSeq = 2,
                    ChangedModSeq = 3,
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
            ModSeqGaps = [new(10, 1010)],
            DeparturesFrom = 1,
            Departures = [Departed],
            DepartedSegments = [new("departed", 4)],
            DeletedFolders = [new(2, 3, 4)],
            ForgottenFolders = 2,
            Vacation = new(IsOn: true, Time),
        },
        new FolderCreated { FolderId = 3, Name = "中文", SpecialUse = "\\Junk", UidValidity = 1795523698, Operation = Delivery.Value, At = Time, ModSeq = 11 },
        new FolderDeleted { FolderId = 3, Operation = Delivery.Value, At = Time, ModSeq = 12 },
        new FoldersRenamed { Folders = [new(3, "new", 1795523699)], Operation = Delivery.Value, At = Time, ModSeq = 13 },
        new InboxRenamed { FolderId = 4, Name = "old mail", UidValidity = 1795523700, Operation = Delivery.Value, At = Time, ModSeq = 14 },
        new SubscriptionChanged { Name = "中文", Subscribed = true, ModSeq = 15 },
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
        new MessagesExpunged { FolderId = 1, Messages = [new(7, MessageFlags.Deleted, 1234, Delivery.Value, 0x0123456789abcdef, 5)], Operation = Delivery.Value, At = Time, ModSeq = 17 },
        new DiscardRead { RowsBlob = "rows", Bodies = [Delivery.Value], Threads = [0x0123456789abcdef], CreatedModSeqs = [5], ModSeq = 18 },
        new BodiesReleased { Bodies = [Delivery.Value] },
        new DepartedEmails { Emails = [Departed] },
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
        new TenantStateChanged(AccountState.ReceiveOnly),
        new DomainRemoved("example.test"),
        new TenantDeletionChanged(Time, IsEnding: true),
        new TenantState { Created = true, Domains = ["example.test"], State = AccountState.Suspended, Limits = Limits, GoneAt = Time, IsEnding = true },
        new TenantLimitsChanged(Limits),
        new UsageClaimed(Claim, Time),
        new UsageSettled(Claim.Id),
        new UsageAbandoned(Claim.Id),
        new TenantUsageState { Accounts = 3, Octets = 5000, Open = { [Claim.Id] = new(Claim, Time) } },
        new DomainHosted(Tenant) { Route = Route, GoneAt = Time, IsEnding = true },
        new DomainState { Tenant = Tenant, Route = Route, GoneAt = Time, IsEnding = true },
        new DkimKeyAdded(Tenant, DkimKey, ["gone"]),
        new DkimKeyActivated("rsa-20261124", Time),
        new DkimKeyRetired("rsa-20261124", Time),
        new DkimState { Tenant = Tenant, Keys = [DkimKey] },
        new OidcIssuerChanged(Issuer),
        new TenantOidcState { Issuer = Issuer },
        new AddressChanged(AddressRecord) { Claim = Claim.Id, GoneAt = Time, IsUncounted = true },
        new AddressState { Record = AddressRecord, Claim = Claim.Id, GoneAt = Time, IsUncounted = true },
        new AppPasswordAdded(AppPassword),
        new AppPasswordRemoved(Delivery.Value),
        new AppPasswordUsed(Delivery.Value, AppPassword.Password.LastUse!),
        new AppPasswordsState { Kept = [AppPassword] },
        new TotpBegun(Factor),
        new TotpConfirmed(Time, 7, ["digest"]),
        new TotpUsed(Delivery.Value, 8, "digest"),
        new TotpRemoved(),
        new TotpState { Secret = Factor, ConfirmedAt = Time, LastStep = 8, LastAttempt = Delivery.Value, RecoveryDigests = { "digest" } },
        new LoginsTold(Delivery.Value, [Login]),
        new LoginsState { Rows = [Login], Tellings = new([Delivery.Value]) },
        new DeletionListed("a@example.test", Time),
        new DeletionsState { Listed = { ["a@example.test"] = Time } },
        new StandingTold(Standing),
        new StandingNewsState { Last = 7, Recent = new([Standing]) },
        new GroupPageUsed(3),
        new GroupState { Used = [3] },
        new GroupPageChanged([Address], ["a@example.test"]),
        new GroupPageState { Members = [new(Address.Key, Address)] },
        new ExpansionPageFixed(Expansion),
        new ExpansionEnded(ExpansionEnd.Expanded),
        new ExpansionState { Page = Expansion, Waiting = [Expansion.Walked], Met = [Address.Key], End = ExpansionEnd.Expanded },
        new AddressListed("a@example.test") { IsRemoved = true },
        new AddressIndexState { Keys = ["a@example.test"] },
        new EntriesAdded([Entry]),
        new AttemptFailed("key", Time, "error", true),
        new EntryFinished("key", Time),
        new RecipientsCounted([new(495_000, 3), new(495_001, -1)]) { Held = [new(495_002, 1)], Named = [new(Delivery.Value, 495_002)], Over = [Delivery.Value] },
        new StatesRaised(Time, OfIdentities: true, OfSubmissions: true),
        new IdentityPut(Identity),
        new IdentityRemoved(Delivery.Value),
        new SendingBegun(Submission),
        new SendingFinished(Delivery.Value),
        new SendingAbandoned([Delivery.Value]),
        new SubmissionsReleased([Delivery.Value]),
        new SubmissionCanceled(Delivery.Value),
        new MailTakenOut(Delivery.Value),
        new SubmissionsForgotten([Delivery.Value]),
        new SubmissionsState
        {
            Identities = [new(Identity, 1, 2)],
            IdentityLog = new() { State = 3, Known = 1, Gone = { new(Delivery.Value, 1, 3) } },
            Submissions = [new(Submission, 1, 2, IsTakingOut: true)],
            SubmissionLog = new() { State = 2 },
            Begun = [Submission],
        },
        new VacationChanged(Vacation, Time),
        new VacationRestored(Time),
        new SenderAnswered(new("far@example.org", Delivery, Time, 2)),
        new VacationState { Response = Vacation, State = 2, ChangedAt = Time, Answered = [new("far@example.org", Delivery, Time, 2)] },
        new SendingState { Hours = { [495_000] = 3 }, Held = { [495_002] = 1 }, HeldMessages = { [Delivery.Value] = 495_002 } },
        new AuditAdded(Audited),
        new AuditEnded(Audited.Act, 200, "{}", "{}"),
        new AuditSegment([Audited]),
        new AuditState { Sequence = 7, Segments = { new("state/audit/platform/segment-1", 6, Time) }, Tail = { Audited } },
        new JobCreated(Job),
        new JobInputTaken("demo/job-input/a/b", 1000),
        new JobBegun(Time),
        new JobAdvanced(8000, 200, new() { ["created"] = 199 }, [JobRecorded]),
        new JobFound(JobRecorded),
        new JobCancelled("root"),
        new JobEnded(Time, JobStatus.Done, "done", new() { ["problems"] = 1 }),
        new JobSegment([JobRecorded]),
        new JobState
        {
            Spec = Job,
            Input = "demo/job-input/a/b",
            Total = 1000,
            StartedAt = Time,
            EndedAt = Time,
            Status = JobStatus.Cancelled,
            Why = "cancelled by root",
            CancelledBy = "root",
            Attempts = 2,
            Offset = 8000,
            Done = 200,
            Counts = { ["created"] = 199 },
            Sequence = 7,
            Segments = { new("state/job/a/records-1", 6) },
            Tail = { JobRecorded },
        },
        new JobListed("a", true),
        new JobListState { Listed = { "a" } },
        new JobQueued("a", "tenant/demo", true),
        new JobQueueState { Open = { new("a", "tenant/demo", true) } },
        new ApiTokenChanged(Token),
        new ApiTokenState { Token = Token },
        new ApiTokenListed("a", Time),
        new ApiTokenListState { Listed = { ["a"] = Time } },
        new PushSubscriptionAdded(Subscription),
        new PushSubscriptionUpdated(new() { Id = Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"), IsCodeSent = true, IsVerified = true, Expires = Time, ChangesTypes = true, Types = ["Email"] }),
        new PushSubscriptionRemoved(Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b")),
        new PushSubscriptionsState { Subscriptions = [Subscription] },
        new PushAccountListed(Account, HasSubscriptions: true),
        new PushShardState { Accounts = ["demo/0123456789abcdef0123456789abcdef"] },
        new SuppressionAdded(Suppression),
        new SuppressionRemoved("a@example.org"),
        new SuppressionState { Listed = [Suppression] },
        new SuppressionBucketUsed(63),
        new SuppressionIndexState { Used = 1ul << 63 | 1 },
        new EntriesChanged([Change]),
        new SpoolState
        {
            Entries = new() { ["key"] = Entry },
            Finished = new() { ["done"] = Time },
            Inline = [Entry],
            Pages =
            [
                new()
                {
                    Number = 3,
                    Blob = "state/spool/7/page-1",
                    Local = 1,
                    Outbound = 2,
                    MinDue = Time,
                    FirstKey = "a:far@example.org",
                    LastKey = "b:far@example.org",
                    MaxPriority = 4,
                    Tenants = ["demo"],
                    Destinations = ["example.org"],
                    FirstDestination = "example.org",
                    LastDestination = "example.org",
                },
            ],
            Amendments = [Change],
            TakenOver =
            [
                new()
                {
                    Day = 739_000,
                    LastTaken = 739_001,
                    Recent = new byte[16],
                    FirstAccepted = Time.ToUnixTimeMilliseconds(),
                    LastAccepted = Time.ToUnixTimeMilliseconds(),
                    Segments = [new("state/spool/7/taken-1", 1, 2, 3)],
                },
            ],
            LastPage = 3,
        },
        new SpoolPageEntries { Entries = [Entry] },
        new TakenOverKeys { Hashes = new byte[32] },
    ];
}
