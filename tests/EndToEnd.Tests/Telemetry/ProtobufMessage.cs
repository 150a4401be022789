using System.Buffers.Binary;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>The fields of a protobuf message, by their numbers (protobuf.dev, Encoding): as much of the format as OTLP needs.</summary>
internal sealed class ProtobufMessage
{
    private readonly ILookup<int, ReadOnlyMemory<byte>> fields;

    public ProtobufMessage(ReadOnlyMemory<byte> octets) => fields = Read(octets).ToLookup(field => field.Number, field => field.Value);

    public IEnumerable<ProtobufMessage> Messages(int number) => fields[number].Select(octets => new ProtobufMessage(octets));

    public ProtobufMessage? Message(int number) => Messages(number).LastOrDefault();

    public string Text(int number) => Encoding.UTF8.GetString(fields[number].LastOrDefault().Span);

    public string Hex(int number) => Convert.ToHexStringLower(fields[number].LastOrDefault().Span);

    /// <summary>Of a varint or a fixed64.</summary>
    public ulong Number(int number) => fields[number].LastOrDefault() is { Length: 8 } octets ? BinaryPrimitives.ReadUInt64LittleEndian(octets.Span) : 0;

    private static IEnumerable<(int Number, ReadOnlyMemory<byte> Value)> Read(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var tag = Varint(ref octets);
            ReadOnlyMemory<byte> value;
            switch (tag & 7)
            {
                case 0:
                    var fixed64 = new byte[8];
                    BinaryPrimitives.WriteUInt64LittleEndian(fixed64, Varint(ref octets));
                    value = fixed64;
                    break;
                case 1:
                    value = Take(ref octets, 8);
                    break;
                case 2:
                    value = Take(ref octets, (int)Varint(ref octets));
                    break;
                case 5:
                    value = Take(ref octets, 4);
                    break;
                default:
                    throw new FormatException($"wire type {tag & 7}");
            }

            yield return ((int)(tag >> 3), value);
        }
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> octets, int length)
    {
        var taken = octets[..length];
        octets = octets[length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> octets)
    {
        var (value, used) = (0UL, 0);
        do
        {
            value |= (ulong)(octets.Span[used] & 0x7F) << (7 * used);
        }
        while ((octets.Span[used++] & 0x80) != 0);
        octets = octets[used..];
        return value;
    }
}
