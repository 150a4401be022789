using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Upkeep;

/// <summary>Each kind of damage, made on purpose, is found; a sweep takes what nobody holds and nothing else.</summary>
public sealed class UpkeepTests : IAsyncLifetime
{
    private const string Account = "demo/1";
    private static readonly string Owner = BodyOwner.Mailbox(new(Account));
    private static readonly TimeSpan None = TimeSpan.Zero;

    private TestSilo silo = null!;

    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    private IMailQueue Queue => silo.Services.GetRequiredService<IMailQueue>();

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        await silo.Mailbox(Account).CreateAsync(new());
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_clean_store_is_clean_through_the_grain()
    {
        await FileAsync(1100);
        await PublishAsync();

        var records = await silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(default).ToListAsync();

        Assert.DoesNotContain(records, r => r.Kind is UpkeepKind.Problem or UpkeepKind.Leftover);
        var summary = Assert.Single(records);
        Assert.Equal((1, 1100, 1, 1101), (summary.Counts["mailboxes"], summary.Counts["messages"], summary.Counts["waiting"], summary.Counts["bodies"]));
    }

    [Fact]
    public async Task A_message_whose_body_is_missing_is_a_problem()
    {
        var body = (await FileAsync(1)).Single();
        await Blobs.DeleteAsync([body], default);

        await AssertProblemAsync($"mailbox/{Account}", body);
    }

    [Fact]
    public async Task A_message_whose_body_was_released_is_a_problem()
    {
        var body = (await FileAsync(1)).Single();
        await Blobs.ReleaseAsync(body, Owner, default);

        await AssertProblemAsync($"mailbox/{Account}", "has released");
    }

    [Theory]
    [InlineData(99, "mailbox:demo/1", "octets")]
    [InlineData(100, "mailbox:demo/2", "owner")]
    public async Task A_message_whose_body_has_another_length_or_owner_is_a_problem(int length, string owner, string text)
    {
        var mail = Mail.For(Account);
        await WriteAsync(mail.Body.Name, [owner], length);
        await silo.Mailbox(Account).FileAsync(mail);

        await AssertProblemAsync($"mailbox/{Account}", text);
    }

    [Theory]
    [InlineData("rows-")]
    [InlineData("flags-")]
    [InlineData("contents-")]
    [InlineData("manifest-")]
    [InlineData("archive-")]
    public async Task A_missing_part_of_a_mailbox_is_a_problem(string kind)
    {
        await FileAsync(1100);
        var part = await Blobs.ListAsync($"demo/mailbox/1/{kind}", default).FirstAsync();
        await Blobs.DeleteAsync([part.Name], default);

        await AssertProblemAsync($"mailbox/{Account}", part.Name);
    }

    [Theory]
    [InlineData("rows-")]
    [InlineData("flags-")]
    [InlineData("contents-")]
    [InlineData("manifest-")]
    public async Task A_part_of_a_mailbox_that_does_not_decode_is_a_problem(string kind)
    {
        await FileAsync(1100);
        var part = await Blobs.ListAsync($"demo/mailbox/1/{kind}", default).FirstAsync();
        await Blobs.DeleteAsync([part.Name], default);
        await WriteAsync(part.Name, [], 100);

        await AssertProblemAsync($"mailbox/{Account}", "");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_part_of_the_log_of_what_left_that_is_missing_or_does_not_decode_is_a_problem(bool damaged)
    {
        await FileAsync(300);
        var inbox = (await silo.Mailbox(Account).OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        await silo.Mailbox(Account).StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(1, 300)], Change = FlagChange.Add, Flags = MessageFlags.Deleted });
        await silo.Mailbox(Account).ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox });
        await FileAsync(800);
        var part = await Blobs.ListAsync("demo/mailbox/1/departed-", default).SingleAsync();
        Assert.Empty(await VerifyAsync(UpkeepKind.Problem));
        await Blobs.DeleteAsync([part.Name], default);
        if (damaged)
        {
            await WriteAsync(part.Name, [], 100);
        }

        await AssertProblemAsync($"mailbox/{Account}", part.Name);
    }

    [Fact]
    public async Task An_event_of_an_unknown_version_is_a_problem()
    {
        var journal = silo.Services.GetRequiredService<IJournal>();
        await journal.AppendAsync("mailbox/demo/9", await journal.OpenAsync("mailbox/demo/9", default), [new byte[] { 250, 1, 2 }], default);

        await AssertProblemAsync("mailbox/demo/9", "format version 250");
    }

    [Theory]
    [InlineData(null, "does not exist")]
    [InlineData(99, "99")]
    public async Task A_queue_entry_whose_body_is_missing_or_of_another_length_is_a_problem(int? length, string text)
    {
        var message = await PublishAsync(length);

        await AssertProblemAsync(message.Id.ToString(), text);
    }

    [Fact]
    public async Task A_body_that_no_owner_holds_is_a_leftover_until_a_sweep_deletes_it()
    {
        var kept = (await FileAsync(1)).Single();
        var left = BodyRef.NameFor(new("demo"), DeliveryId.New(DateTimeOffset.UtcNow));
        await WriteAsync(left, [Owner]);

        Assert.Equal(left, Assert.Single(await VerifyAsync(UpkeepKind.Leftover)).Subject);
        Assert.Empty(await SweepAsync(None, TimeSpan.FromDays(15)));
        Assert.Equal([left], await SweepAsync(TimeSpan.FromDays(1), None));
        Assert.Equal([kept], await BodiesAsync());
        Assert.Empty(await VerifyAsync(UpkeepKind.Leftover));
    }

    [Fact]
    public async Task A_released_body_is_deleted_by_the_shorter_grace()
    {
        var body = BodyRef.NameFor(new("demo"), DeliveryId.New(DateTimeOffset.UtcNow));
        await WriteAsync(body, [Owner]);
        await Blobs.ReleaseAsync(body, Owner, default);

        Assert.Empty(await SweepAsync(TimeSpan.FromHours(1), None));
        Assert.Equal([body], await SweepAsync(None, TimeSpan.FromDays(15)));
    }

    [Fact]
    public async Task An_upload_is_deleted_after_its_time_and_no_sooner_whatever_the_grace()
    {
        var upload = UploadedBlobs.NameFor(new(Account), Guid.NewGuid());
        await WriteAsync(upload, new byte[10]);
        Assert.False(BackupParts.HasBlob(upload));
        Assert.Empty(await VerifyAsync(UpkeepKind.Leftover));
        Assert.Empty(await SweepAsync(None, None));

        var later = new FakeTimeProvider(DateTimeOffset.UtcNow + UploadedBlobs.Lifetime + TimeSpan.FromMinutes(1));
        var swept = ActivatorUtilities.CreateInstance<Sweeper>(silo.Services, later).RunAsync(TimeSpan.FromDays(9), TimeSpan.FromDays(9), default);
        Assert.Equal([upload], await swept.Where(record => record.Kind == UpkeepKind.Deleted).Select(record => record.Subject).ToListAsync());
    }

    [Fact]
    public async Task A_sweep_without_grace_keeps_what_is_queued_parked_spooled_or_filed()
    {
        await FileAsync(3);
        await ParkAsync(await PublishAsync());
        await PublishAsync();
        await SpoolAsync();
        var before = await BodiesAsync();

        Assert.Empty(await SweepAsync(None, None));
        Assert.Equal(before, await BodiesAsync());
        Assert.Equal(6, before.Count);
        Assert.Empty(await VerifyAsync(UpkeepKind.Problem));
        Assert.Empty(await VerifyAsync(UpkeepKind.Leftover));
    }

    [Fact]
    public async Task Parts_of_replaced_states_are_deleted_and_the_mailbox_reads_as_before()
    {
        await FileAsync(2200);
        var before = await silo.Mailbox(Account).GetStatusAsync("INBOX");

        var deleted = await SweepAsync(None, None);
        await silo.ForgetAsync();

        Assert.NotEmpty(deleted);
        Assert.All(deleted, name => Assert.StartsWith("demo/mailbox/1/", name, StringComparison.Ordinal));
        Assert.Equal(before, await silo.Mailbox(Account).GetStatusAsync("INBOX"));
        Assert.Empty(await VerifyAsync(UpkeepKind.Problem));
        Assert.Empty(await VerifyAsync(UpkeepKind.Leftover));
    }

    [Fact]
    public async Task What_a_kind_of_grain_of_a_later_build_has_stored_is_told_and_left_alone()
    {
        var journal = silo.Services.GetRequiredService<IJournal>();
        await WriteAsync("state/later-kind/1/manifest", []);
        await WriteAsync("state/later-kind/1/segment", []);
        await journal.ReplaceAsync("later-kind/1", await journal.OpenAsync("later-kind/1", default), "state/later-kind/1/manifest", default);

        Assert.Empty(await SweepAsync(None, None));
        Assert.Equal("later-kind/1", Assert.Single(await VerifyAsync(UpkeepKind.Leftover)).Subject);
        Assert.Empty(await VerifyAsync(UpkeepKind.Problem));
    }

    /// <summary>Such a member may name the blobs that seem to be left over.</summary>
    [Fact]
    public async Task Nothing_of_a_state_with_members_of_a_later_build_is_deleted()
    {
        await FileAsync(2200);
        var journal = silo.Services.GetRequiredService<IJournal>();
        var head = await journal.OpenAsync($"mailbox/{Account}", default);
        var manifest = await Blobs.ReadAsync(head.Manifest!, 0, int.MaxValue, default);
        await Blobs.DeleteAsync([head.Manifest!], default);
        await WriteAsync(head.Manifest!, WithOneMemberMore(manifest));
        await silo.ForgetAsync();

        Assert.Equal(2200, (await silo.Mailbox(Account).GetStatusAsync("INBOX"))!.Messages);
        Assert.Empty(await SweepAsync(None, None));
    }

    [Fact]
    public async Task A_mailbox_that_cannot_answer_loses_no_body_to_the_sweep()
    {
        await FileAsync(1100);
        var rows = await Blobs.ListAsync("demo/mailbox/1/rows-", default).FirstAsync();
        await Blobs.DeleteAsync([rows.Name], default);

        await SweepAsync(None, None);

        Assert.Equal(1100, (await BodiesAsync()).Count);
    }

    private async Task<List<string>> FileAsync(int count)
    {
        var mails = Enumerable.Range(0, count).Select(_ => Mail.For(Account)).ToList();
        foreach (var batch in mails.Chunk(100))
        {
            await Task.WhenAll(batch.Select(async mail =>
            {
                await WriteAsync(mail.Body.Name, [Owner]);
                Assert.Equal(FilingResult.Filed, (await silo.Mailbox(Account).FileAsync(mail)).Result);
            }));
        }

        return [.. mails.Select(mail => mail.Body.Name)];
    }

    private async Task<QueuedMessage> NewMessageAsync(int? bodyLength = 100)
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var recipient = new EnvelopeRecipient { Address = new("bob", "example.test"), Mailboxes = [new(Account)] };
        var message = new QueuedMessage
        {
            Id = id,
            Tenant = new("demo"),
            Body = new(BodyRef.NameFor(new("demo"), id), 100),
            Envelope = new() { Recipients = [recipient] },
            Trace = "",
        };
        if (bodyLength is { } length)
        {
            await WriteAsync(message.Body.Name, [Owner], length);
        }

        return message;
    }

    private async Task<QueuedMessage> PublishAsync(int? bodyLength = 100)
    {
        var message = await NewMessageAsync(bodyLength);
        await Queue.PublishAsync(message, default);
        return message;
    }

    private async Task ParkAsync(QueuedMessage message)
    {
        var delivery = await Queue.ConsumeAsync(1, default).FirstAsync();
        Assert.Equal(message.Id, delivery.Message.Id);
        await delivery.ParkAsync("for the test", default);
    }

    private async Task SpoolAsync() =>
        await silo.Grains.GetGrain<ISpoolGrain>(7).AddAsync([new() { Message = await NewMessageAsync(), Kind = SpoolKind.Local }]);

    private Task WriteAsync(string name, IReadOnlyList<string> owners, int length = 100) => WriteAsync(name, new byte[length], owners);

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> content, IReadOnlyList<string>? owners = null)
    {
        await using var upload = Blobs.Create(name, owners ?? []);
        await upload.WriteAsync(content, default);
        await upload.CommitAsync(default);
    }

    /// <summary>A record as a build stores it that has one member more: before the octet that ends it, a tag (a number, whose id is six more than the last one's) and the number 1.</summary>
    private static byte[] WithOneMemberMore(ReadOnlyMemory<byte> stored) => [.. stored[..^1].Span, 0x06, 0x03, stored.Span[^1]];

    private async Task<List<string>> BodiesAsync() => await Blobs.ListAsync("demo/body/", default).Select(blob => blob.Name).ToListAsync();

    private async Task<List<UpkeepRecord>> VerifyAsync(UpkeepKind kind) =>
        await silo.Services.GetRequiredService<Verifier>().RunAsync(default).Where(record => record.Kind == kind).ToListAsync();

    private async Task<List<string>> SweepAsync(TimeSpan releasedAfter, TimeSpan abandonedAfter) =>
        await silo.Services.GetRequiredService<Sweeper>().RunAsync(releasedAfter, abandonedAfter, default)
            .Where(record => record.Kind == UpkeepKind.Deleted).Select(record => record.Subject).ToListAsync();

    private async Task AssertProblemAsync(string subject, string text)
    {
        var problems = await VerifyAsync(UpkeepKind.Problem);
        Assert.Contains(problems, problem => problem.Subject == subject && problem.Text.Contains(text, StringComparison.Ordinal));
    }
}
