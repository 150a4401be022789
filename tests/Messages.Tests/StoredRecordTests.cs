using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Messages.Tests;

public sealed class StoredRecordTests
{
    private readonly Serializer serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    /// <summary>The begin and the end of a record, without its members: what is left of one whose bytes were damaged.</summary>
    [Fact]
    public void A_record_without_what_its_type_requires_is_damaged() =>
        Assert.Throws<DamagedRecordException>(() => serializer.Decode<QueuedMessage>(new byte[] { QueuedMessage.FormatVersion, 0x20, 0xE0 }));

    [Fact]
    public void One_within_another_is_looked_at_too()
    {
        var recipient = new EnvelopeRecipient { Address = new("bob", "example.test"), Mailboxes = [] };
        Assert.True(WholeRecord.Is(Message(recipient)));
        Assert.False(WholeRecord.Is(Message(recipient with { Address = default })));
        Assert.False(WholeRecord.Is(Message(recipient, null!)));
    }

    private static QueuedMessage Message(params EnvelopeRecipient[] recipients) => new()
    {
        Id = DeliveryId.New(DateTimeOffset.UnixEpoch),
        Tenant = new("demo"),
        Body = new("demo/body", 1),
        Trace = "",
        Envelope = new() { Sender = null, Recipients = recipients },
    };
}
