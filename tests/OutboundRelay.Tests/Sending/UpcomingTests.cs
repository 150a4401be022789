using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Sending;
using MailCloud.OutboundRelay.Tests.Smtp;

namespace MailCloud.OutboundRelay.Tests.Sending;

public sealed class UpcomingTests
{
    private static readonly TenantId Tenant = new("demo");

    /// <summary>Messages that were begun to be made ready.</summary>
    private readonly List<DeliveryId> begun = [];

    private readonly Queue<List<SpoolEntry>> due = new();

    [Fact]
    public async Task Recipients_of_a_message_go_together_and_messages_in_their_order()
    {
        due.Enqueue([Entry(3, "d@far.test")]);
        var upcoming = Of([Entry(1, "a@far.test"), Entry(2, "c@far.test"), Entry(1, "b@far.test")]);

        Assert.Equal(["a@far.test", "b@far.test"], Addresses((await upcoming.TakeAsync())!.Entries));
        Assert.Equal(["c@far.test"], Addresses((await upcoming.TakeAsync())!.Entries));
        Assert.Equal(["d@far.test"], Addresses((await upcoming.TakeAsync())!.Entries));
        Assert.Null(await upcoming.TakeAsync());
        Assert.Null(await upcoming.TakeAsync());
        Assert.Empty(await upcoming.EndAsync());
    }

    [Fact]
    public async Task One_message_is_made_ready_ahead_and_more_is_leased_for_it()
    {
        due.Enqueue([Entry(3, "c@far.test"), Entry(4, "d@far.test")]);
        var upcoming = Of([Entry(1, "a@far.test"), Entry(2, "b@far.test")]);

        await upcoming.TakeAsync();
        Assert.Equal([Id(1), Id(2)], begun);
        Assert.NotEmpty(due);

        await upcoming.TakeAsync();
        Assert.Equal([Id(1), Id(2), Id(3)], begun);
        Assert.Empty(due);
    }

    [Fact]
    public async Task What_was_not_taken_is_named_at_the_end()
    {
        var upcoming = Of([Entry(1, "a@far.test"), Entry(2, "b@far.test"), Entry(3, "c@far.test")]);

        await upcoming.TakeAsync();

        Assert.Equal(["b@far.test", "c@far.test"], Addresses(await upcoming.EndAsync()));
    }

    [Fact]
    public async Task A_connection_that_may_carry_no_more_leases_no_more()
    {
        due.Enqueue([Entry(3, "c@far.test")]);
        var upcoming = Of([Entry(1, "a@far.test"), Entry(2, "b@far.test")], most: 2);

        await upcoming.TakeAsync();
        await upcoming.TakeAsync();

        Assert.Null(await upcoming.TakeAsync());
        Assert.NotEmpty(due);
        Assert.Empty(await upcoming.EndAsync());
    }

    [Fact]
    public async Task What_could_not_be_made_ready_is_named_too()
    {
        var upcoming = new Upcoming(
            [Entry(1, "a@far.test"), Entry(2, "b@far.test")], 100, () => Task.FromResult<List<SpoolEntry>>([]),
            transaction => transaction[0].Message.Id == Id(2) ? Task.FromCanceled<PreparedMessage>(new(canceled: true)) : PrepareAsync(transaction));

        await upcoming.TakeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(upcoming.TakeAsync);
        Assert.Equal(["b@far.test"], Addresses(await upcoming.EndAsync()));
    }

    private static IEnumerable<string> Addresses(IEnumerable<SpoolEntry> entries) => entries.Select(e => e.Recipient.Remote[0].ToString());

    private static DeliveryId Id(int message) => new(new Guid(message, 0, 0, new byte[8]));

    private static SpoolEntry Entry(int message, string to)
    {
        var recipient = Relaying.Address(to);
        return new()
        {
            Kind = SpoolKind.Outbound,
            Message = new()
            {
                Id = Id(message),
                Tenant = Tenant,
                Body = new(BodyRef.NameFor(Tenant, Id(message)), 10),
                Trace = "",
                Envelope = new() { Sender = Relaying.Address("alice@example.test"), Recipients = [new() { Address = recipient, Remote = [recipient] }] },
            },
        };
    }

    private Upcoming Of(List<SpoolEntry> entries, int most = 100) => new(entries, most, () => Task.FromResult(due.TryDequeue(out var more) ? more : []), PrepareAsync);

    private Task<PreparedMessage> PrepareAsync(SpoolEntry[] transaction)
    {
        begun.Add(transaction[0].Message.Id);
        return Task.FromResult(new PreparedMessage(transaction, null));
    }
}
