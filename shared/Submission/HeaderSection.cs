using System.Buffers;
using System.Globalization;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.Submission;

/// <summary>
/// Watches a message's header section go by, holding at most the beginning of one line, the originator fields, Message-ID and TLS-Required. From other hosts nothing is changed and
/// Received fields are counted; on submission Bcc fields are left out (RFC 6409 §8, RFC 5322 §3.6.3) and Date, Message-ID and From are added where missing.
/// </summary>
public sealed class HeaderSection
{
    // The longest field name looked at; a line without a colon by then is no field (RFC 5322 §2.1.1: a line has 998 octets, names are short).
    private const int MaxName = 128;

    // From fields beyond this are not written by people; the message is refused.
    private const int MaxOriginator = 16 * 1024;

    // What is compared of a Message-ID, and room for folding and comments before it.
    private const int MaxMessageId = 2 * MessageIds.MaxLength;

    // TLS-Required has one value, "No"; what is longer is another.
    private const int MaxTlsRequired = 64;

    private readonly bool rewrites;
    private readonly EmailAddress owner;
    private readonly string addedId = "";
    private readonly DateTimeOffset now;
    private readonly byte[] start = new byte[MaxName];
    private readonly ArrayBufferWriter<byte> kept = new(256);
    private readonly HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
    private readonly ArrayBufferWriter<byte> from = new(64);
    private readonly ArrayBufferWriter<byte> resentFrom = new(64);
    private readonly ArrayBufferWriter<byte> sender = new(64);
    private readonly ArrayBufferWriter<byte> tlsRequired = new(MaxTlsRequired);
    private readonly ArrayBufferWriter<byte> namedId = new(64);
    private int startLength;
    private int tlsRequiredFields;
    private bool isTlsRequiredTooLong;
    private bool decided;
    private bool dropping;
    private ArrayBufferWriter<byte>? copying;

    /// <summary>A message from another host: counted only.</summary>
    public HeaderSection()
    {
    }

    /// <summary>A message from an account.</summary>
    public HeaderSection(EmailAddress owner, string messageId, DateTimeOffset now) =>
        (rewrites, this.owner, addedId, this.now) = (true, owner, messageId, now);

    /// <summary>The empty line has passed: what follows is not looked at.</summary>
    public bool IsOver { get; private set; }

    public int ReceivedFields { get; private set; }

    /// <summary>True when From, Sender or Resent-From was longer than what is looked at.</summary>
    public bool IsOriginatorTooLong { get; private set; }

    /// <summary>
    /// True when the header says <c>TLS-Required: No</c> (RFC 8689 §3). A second such field must not be there: then nothing is said, as the field takes protection away.
    /// </summary>
    public bool AsksForNoTls => tlsRequiredFields == 1 && !isTlsRequiredTooLong && Ascii.EqualsIgnoreCase(tlsRequired.WrittenSpan.Trim(" \t"u8), "No"u8);

    /// <summary>The first Message-ID, or the one that was added, normalized; empty when there is none.</summary>
    public string MessageId => MessageIds.Normalize(namedId.WrittenCount > 0 ? Encoding.UTF8.GetString(namedId.WrittenSpan) : addedId);

    public bool HasResentFrom => resentFrom.WrittenCount > 0;

    /// <summary>The value of the field that says who sends it: the first Resent-From, else all From fields; empty when From was added.</summary>
    public ReadOnlyMemory<byte> Originator => HasResentFrom ? resentFrom.WrittenMemory : from.WrittenMemory;

    /// <summary>The values of all From fields; empty when From was added.</summary>
    public ReadOnlyMemory<byte> From => from.WrittenMemory;

    /// <summary>The values of all Sender fields; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Sender => sender.WrittenMemory;

    /// <summary>The octets that go on; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> octets)
    {
        kept.ResetWrittenCount();
        var rest = octets.Span;
        while (!rest.IsEmpty && !IsOver)
        {
            rest = decided ? TakeRest(rest) : TakeStart(rest);
        }

        if (!rewrites)
        {
            return octets;
        }

        kept.Write(rest);
        return kept.WrittenMemory;
    }

    /// <summary>The message has ended: what was still held, and the missing fields when no empty line came.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        kept.ResetWrittenCount();
        if (!IsOver)
        {
            if (startLength > 0)
            {
                Decide(start.AsSpan(0, startLength));
            }

            if (!IsOver)
            {
                AddMissing();
            }
        }

        return rewrites ? kept.WrittenMemory : default;
    }

    /// <summary>Gathers the beginning of a line until it shows what the line is.</summary>
    private ReadOnlySpan<byte> TakeStart(ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOfAny((byte)':', (byte)'\n');
        var length = Math.Min(end < 0 ? rest.Length : end + 1, MaxName - startLength);
        rest[..length].CopyTo(start.AsSpan(startLength));
        startLength += length;
        if (end >= 0 || startLength == MaxName || start[0] is (byte)' ' or (byte)'\t')
        {
            Decide(start.AsSpan(0, startLength));
            startLength = 0;
        }

        return rest[length..];
    }

    private void Decide(ReadOnlySpan<byte> line)
    {
        var endsLine = line[^1] == '\n';
        if (line.SequenceEqual("\r\n"u8))
        {
            AddMissing();
            IsOver = true;
            Keep(line);
            return;
        }

        if (line[0] is (byte)' ' or (byte)'\t')
        {
            // A folded line belongs to the field above (RFC 5322 §2.2.3).
            Copy(line);
        }
        else if (line[^1] == ':')
        {
            Field(Encoding.Latin1.GetString(line[..^1]).TrimEnd());
        }
        else
        {
            // No field and no empty line: the body begins here without one (RFC 6409 §8 lets a submission server mend it).
            AddMissing();
            IsOver = true;
            dropping = false;
            if (rewrites)
            {
                Keep("\r\n"u8);
            }

            Keep(line);
            return;
        }

        Keep(line);
        decided = !endsLine;
    }

    private void Field(string name)
    {
        dropping = rewrites && name.ToUpperInvariant() is "BCC" or "RESENT-BCC";
        copying = null;
        if (name.Equals("Received", StringComparison.OrdinalIgnoreCase))
        {
            ReceivedFields++;
        }

        if (name.Equals("TLS-Required", StringComparison.OrdinalIgnoreCase))
        {
            tlsRequiredFields++;
            copying = tlsRequired;
        }

        if (name.Equals("Message-ID", StringComparison.OrdinalIgnoreCase) && namedId.WrittenCount == 0)
        {
            copying = namedId;
        }

        if (!rewrites)
        {
            return;
        }

        // Only those that are asked for below: a message may have a million names.
        var repeated = name.ToUpperInvariant() is "FROM" or "SENDER" or "DATE" or "MESSAGE-ID" or "RESENT-FROM" && !seen.Add(name);
        if (name.Equals("From", StringComparison.OrdinalIgnoreCase))
        {
            copying = from;
            Copy(repeated ? ","u8 : default);
        }
        else if (name.Equals("Sender", StringComparison.OrdinalIgnoreCase))
        {
            copying = sender;
            Copy(repeated ? ","u8 : default);
        }
        else if (name.Equals("Resent-From", StringComparison.OrdinalIgnoreCase) && !repeated)
        {
            copying = resentFrom;
        }
    }

    private ReadOnlySpan<byte> TakeRest(ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..(end + 1)];
        Copy(line);
        Keep(line);
        decided = end < 0;
        return rest[line.Length..];
    }

    private void Copy(ReadOnlySpan<byte> octets)
    {
        if (copying is null)
        {
            return;
        }

        octets = octets.TrimEnd("\r\n"u8);
        var isOriginator = copying != tlsRequired && copying != namedId;
        var room = (isOriginator ? MaxOriginator : copying == namedId ? MaxMessageId : MaxTlsRequired) - copying.WrittenCount;
        IsOriginatorTooLong |= isOriginator && octets.Length > room;
        isTlsRequiredTooLong |= copying == tlsRequired && octets.Length > room;
        copying.Write(octets[..Math.Min(octets.Length, room)]);
    }

    private void Keep(ReadOnlySpan<byte> octets)
    {
        if (rewrites && !dropping)
        {
            kept.Write(octets);
        }
    }

    private void AddMissing()
    {
        dropping = false;
        copying = null;
        if (!rewrites)
        {
            return;
        }

        if (!seen.Contains("From"))
        {
            Add($"From: {owner}\r\n");
        }

        if (!seen.Contains("Date"))
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"Date: {now.UtcDateTime:ddd, dd MMM yyyy HH:mm:ss} +0000\r\n"));
        }

        if (!seen.Contains("Message-ID"))
        {
            Add($"Message-ID: {addedId}\r\n");
        }
    }

    private void Add(string field) => Keep(Encoding.UTF8.GetBytes(field));
}
