using System.Buffers;
using Orleans.Serialization;

namespace MailCloud.Messages;

/// <summary>
/// A record that outlives the build that wrote it. Its bytes begin with a format version. Its lists are arrays, whatever a caller assigns: the serializer writes the type of what it finds,
/// and a collection expression makes lists of types that only the compiler of one assembly knows.
/// </summary>
public interface IStoredRecord
{
    /// <summary>The version that this build writes. It rises only when older builds could misread what this one writes.</summary>
    static abstract byte FormatVersion { get; }
}

/// <summary>
/// The bytes of stored records: one octet of format version, then the record as Orleans' version-tolerant serializer writes it (new members
/// are ignored by older readers of the same version). A version this build does not know refuses to load and is never skipped.
/// </summary>
public static class StoredRecord
{
    public static byte[] Encode<T>(this Serializer serializer, T record)
        where T : IStoredRecord
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.GetSpan(1)[0] = T.FormatVersion;
        buffer.Advance(1);
        serializer.Serialize(record, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="UnknownFormatException">The bytes are of a later version, or of none.</exception>
    /// <exception cref="DamagedRecordException">They are no such record.</exception>
    public static T Decode<T>(this Serializer serializer, ReadOnlyMemory<byte> bytes)
        where T : IStoredRecord
    {
        if (bytes.IsEmpty || bytes.Span[0] == 0 || bytes.Span[0] > T.FormatVersion)
        {
            throw new UnknownFormatException(typeof(T).Name, bytes.IsEmpty ? 0 : bytes.Span[0], T.FormatVersion);
        }

        return Read<T>(serializer, bytes[1..]);
    }

    internal static T Read<T>(Serializer serializer, ReadOnlyMemory<byte> bytes)
    {
        T? record;
        try
        {
            record = serializer.Deserialize<T>(bytes);
        }
        catch (Exception e)
        {
            // The serializer trusts its bytes: what it throws at others depends on where it stumbles.
            throw new DamagedRecordException(typeof(T).Name, e);
        }

        return record is not null && WholeRecord.Is(record) ? record : throw new DamagedRecordException(typeof(T).Name, null);
    }
}

/// <summary>Stored bytes are of a format version that this build cannot read.</summary>
public sealed class UnknownFormatException(string record, int found, int known)
    : Exception($"a stored {record} has format version {found}; this build reads versions 1 to {known}");

/// <summary>Stored bytes are not what was written.</summary>
public sealed class DamagedRecordException(string record, Exception? inner) : Exception($"a stored {record} is damaged", inner);
