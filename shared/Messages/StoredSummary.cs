using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Messages;

/// <summary>
/// The bytes of a summary within a record that holds it encoded. Whoever reads that record decodes it, so its serializer is here: the types are of this assembly alone.
/// </summary>
public static class StoredSummary
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static byte[] Encode(MessageSummary summary) => Serializer.SerializeToArray(summary);

    /// <exception cref="DamagedRecordException">They are no summary.</exception>
    public static MessageSummary Decode(byte[]? bytes) => StoredRecord.Read<MessageSummary>(Serializer, bytes);
}
