using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>Stored records whose bytes were damaged: refused, or read as something that can be stored again.</summary>
internal static class StoredTargets
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    /// <summary>By the names of their golden bytes. Each event stands for its kind: how they are told apart is tried too.</summary>
    private static readonly (string Name, Action<ReadOnlyMemory<byte>> Read)[] Records =
    [
        (nameof(QueuedMessage), Read<QueuedMessage>),
        (nameof(MessageContent), Read<MessageContent>),
        (nameof(MailboxManifest), Read<MailboxManifest>),
        (nameof(ChunkRows), Read<ChunkRows>),
        (nameof(ChunkFlags), Read<ChunkFlags>),
        (nameof(SpoolState), Read<SpoolState>),
        (nameof(AddressState), Read<AddressState>),
        ("MessageFiled", Read<MailboxEvent>),
        ("MessagesAppended", Read<MailboxEvent>),
        ("FlagsChanged", Read<MailboxEvent>),
        ("EntriesAdded", Read<SpoolEvent>),
    ];

    public static IEnumerable<FuzzTarget> All =>
    [
        // Not grown: some thousand unknown fields within each other overflow the serializer's stack. What stores records is MailCloud alone. Before it reads the first element of an array the serializer
        // makes room for as many as the bytes announce, up to 10,240: half a megabyte of a chunk's rows, whatever the input's length.
        new("stored-record", Record) { MaxLength = 700, GrownLength = 0, FixedAllocation = 8 * 1024 * 1024, AllocationPerOctet = 1000, Seeds = Golden },
    ];

    // An octet that says which record, then its bytes.
    private static IEnumerable<byte[]> Golden(Seeds seeds) =>
        Records.Select((record, which) => (byte[])[(byte)which, .. File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Golden.Tests", "v1", record.Name + ".golden"))]);

    private static void Record(ReadOnlyMemory<byte> input)
    {
        if (!input.IsEmpty)
        {
            Records[input.Span[0] % Records.Length].Read(input[1..]);
        }
    }

    private static void Read<T>(ReadOnlyMemory<byte> bytes)
        where T : IStoredRecord
    {
        T record;
        try
        {
            record = Serializer.Decode<T>(bytes);
            if (record is MessageContent content)
            {
                // Decoded only when somebody asks. Of version 1 it may lack what this build stores, and is then not stored again.
                _ = content.Summary;
                return;
            }
        }
        catch (Exception e) when (e is UnknownFormatException or DamagedRecordException)
        {
            return;
        }

        var written = Serializer.Encode(record);
        var read = Serializer.Decode<T>(written);

        // Damaged bytes may say of an empty list that it is of another kind; the same list is then written in another way.
        ThrowIf(!Serializer.Encode(read).AsSpan().SequenceEqual(written) && JsonSerializer.Serialize(read) != JsonSerializer.Serialize(record), "what was read is stored and read again");
    }
}
