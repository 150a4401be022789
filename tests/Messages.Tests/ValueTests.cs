using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Messages.Tests;

public sealed class ValueTests
{
    [Theory]
    [InlineData("bob@example.test", "bob", "example.test", "bob@example.test")]
    [InlineData("Bob+Lists@Example.TEST", "Bob+Lists", "Example.TEST", "bob+lists@example.test")]
    [InlineData("\"a b\"@x.test", "a b", "x.test", "a b@x.test")]
    [InlineData("\"a\\\"b\"@x.test", "a\"b", "x.test", "a\"b@x.test")]
    [InlineData("postmaster@[127.0.0.1]", "postmaster", "[127.0.0.1]", "postmaster@[127.0.0.1]")]
    [InlineData("gr\u00fcn@b\u00fccher.test", "gr\u00fcn", "b\u00fccher.test", "gr\u00fcn@xn--bcher-kva.test")]
    public void An_address_is_read(string text, string local, string domain, string key)
    {
        Assert.True(EmailAddress.TryParse(text, out var address));
        Assert.Equal((local, domain, key), (address.LocalPart, address.Domain, address.Key));
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("bob")]
    [InlineData("@x")]
    [InlineData("bob@")]
    [InlineData(".bob@x")]
    [InlineData("bob.@x")]
    [InlineData("b..b@x")]
    [InlineData("b b@x")]
    [InlineData("\"a\"b\"@x")]
    [InlineData("\"a@x")]
    [InlineData("\"\"@x")]
    [InlineData("bob@-x")]
    [InlineData("bob@x..y")]
    [InlineData("bob@x y")]
    [InlineData("bob@[127.0.0.1")]
    [InlineData("bob\r\n@x")]
    [InlineData("bob\ufffe@x")]
    [InlineData("bob@x\ufffe")]
    [InlineData("\"\ufffe\"@x")]
    public void What_is_no_address_is_refused(string text) => Assert.False(EmailAddress.TryParse(text, out _));

    [Theory]
    [InlineData("bob+lists@x", "bob@x")]
    [InlineData("bob@x", "bob@x")]
    [InlineData("+bob@x", "+bob@x")]
    public void The_detail_is_left_out(string text, string expected)
    {
        Assert.True(EmailAddress.TryParse(text, out var address));
        Assert.Equal(expected, address.WithoutDetail.ToString());
    }

    [Fact]
    public void A_delivery_id_carries_its_time()
    {
        var at = new DateTimeOffset(2026, 11, 24, 23, 59, 59, 123, TimeSpan.Zero);
        var id = DeliveryId.New(at);
        Assert.Equal(at, id.AcceptedAt);
        Assert.Equal(new DateOnly(2026, 11, 24), id.AcceptDay);
        Assert.True(DeliveryId.TryParse(id.ToString(), out var parsed));
        Assert.Equal(id, parsed);
        Assert.False(DeliveryId.TryParse("nonsense", out _));
    }

    [Fact]
    public void A_stored_record_of_an_unknown_version_is_refused()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var record = new QueuedMessage
        {
            Id = DeliveryId.New(DateTimeOffset.UnixEpoch),
            Tenant = new("demo"),
            Body = new("demo/body/x", 5),
            Envelope = new Envelope { Recipients = [] },
            Trace = "Received: x\r\n",
        };
        var bytes = serializer.Encode(record);
        Assert.Equal(QueuedMessage.FormatVersion, bytes[0]);
        Assert.Equal(record.Id, serializer.Decode<QueuedMessage>(bytes).Id);
        bytes[0]++;
        Assert.Throws<UnknownFormatException>(() => serializer.Decode<QueuedMessage>(bytes));
        bytes[0] = 0;
        Assert.Throws<UnknownFormatException>(() => serializer.Decode<QueuedMessage>(bytes));
        Assert.Throws<UnknownFormatException>(() => serializer.Decode<QueuedMessage>(ReadOnlyMemory<byte>.Empty));
    }
}
