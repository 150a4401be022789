using System.Text;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.LocalDelivery.Vacation;

/// <summary>What the header of a message says of whether a machine may answer it, and what its answer takes from it.</summary>
internal sealed class ReceivedHeader
{
    /// <summary>Ids of References that an answer repeats: the newest.</summary>
    private const int MaxReferences = 20;

    /// <summary>Characters of the subject that an answer repeats.</summary>
    private const int MaxSubject = 200;

    private ReceivedHeader()
    {
    }

    /// <summary>Of a list, of another machine, or of who asks for no answer by a machine.</summary>
    public bool IsOfMachine { get; private set; }

    /// <summary>Keys, without detail, of whom it names in To, Cc, Bcc and their Resent- forms.</summary>
    public HashSet<string> Addressees { get; } = new(StringComparer.Ordinal);

    /// <summary>On one line; empty when it has none.</summary>
    public string Subject { get; private set; } = "";

    /// <summary>With brackets; null when it has none that can be referred to.</summary>
    public string? MessageId { get; private set; }

    /// <summary>The ids of References, or of In-Reply-To without it, with brackets, and its own as the last (RFC 5322 §3.6.4).</summary>
    public IReadOnlyList<string> References { get; private set; } = [];

    /// <summary>Null when it cannot be read.</summary>
    /// <param name="start">The beginning of the message, which may be cut.</param>
    public static ReceivedHeader? Read(ReadOnlyMemory<byte> start)
    {
        using var stream = new MemoryStream(start.ToArray());
        try
        {
            return Of(new MimeParser(stream).ParseHeaders());
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static ReceivedHeader Of(HeaderList fields)
    {
        var header = new ReceivedHeader();
        foreach (var field in fields)
        {
            var value = Encoding.Latin1.GetString(field.RawValue).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim();
            switch (field.Field.ToLowerInvariant())
            {
                case "to" or "cc" or "bcc" or "resent-to" or "resent-cc" or "resent-bcc":
                    header.AddAddressees(value);
                    break;
                case "subject":
                    header.Subject = OneLine(HeaderDecoder.Decode(field.RawValue));
                    break;
                case "message-id":
                    header.MessageId = IdsIn(value) is [var id, ..] ? id : null;
                    break;
                case var name:
                    header.IsOfMachine |= SaysMachine(name, value);
                    break;
            }
        }

        var before = IdsIn(ValueOf(fields, HeaderId.References));
        before = before.Count > 0 ? before : IdsIn(ValueOf(fields, HeaderId.InReplyTo));
        var references = before.Where(id => id != header.MessageId).TakeLast(MaxReferences).ToList();
        if (header.MessageId is not null)
        {
            references.Add(header.MessageId);
        }

        header.References = references;
        return header;
    }

    private static bool SaysMachine(string name, string value) => name switch
    {
        // RFC 3834 §5: whatever is not "no".
        "auto-submitted" => !HeaderText.FirstToken(value).Equals("no", StringComparison.OrdinalIgnoreCase),
        "precedence" => HeaderText.FirstToken(value).ToLowerInvariant() is "bulk" or "junk" or "list",

        // [MS-OXCMAIL] §2.1.3.2.20: DR, AutoReply, OOF … or All.
        "x-auto-response-suppress" => value.Split(',', StringSplitOptions.TrimEntries).Any(what => what.ToLowerInvariant() is "all" or "oof" or "autoreply"),

        // RFC 2369, RFC 2919.
        _ => name.StartsWith("list-", StringComparison.Ordinal),
    };

    private void AddAddressees(string value)
    {
        var found = new List<AddressField>();
        AddressListParser.Parse(value, found);
        foreach (var address in found)
        {
            if (address is { Mailbox: { Length: > 0 } mailbox, Host: { Length: > 0 } host } && EmailAddress.TryParse(new EmailAddress(Utf8(mailbox), Utf8(host)).ToString(), out var parsed))
            {
                Addressees.Add(parsed.WithoutDetail.Key);
            }
        }
    }

    // RFC 6532: octets of addresses are UTF-8.
    private static string Utf8(string octets) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(octets));

    private static string ValueOf(HeaderList fields, HeaderId name) => fields[name] ?? "";

    // Those that stand in a header of ASCII as they are.
    private static List<string> IdsIn(string value)
    {
        var ids = new List<string>();
        for (var at = value.IndexOf('<', StringComparison.Ordinal); at >= 0; at = value.IndexOf('<', at + 1))
        {
            var end = value.IndexOf('>', at);
            if (end < 0)
            {
                break;
            }

            var id = value[at..(end + 1)];
            if (id.Length is > 2 and <= MessageIds.MaxLength && id.LastIndexOf('<') == 0 && id.All(c => c is > ' ' and <= '~'))
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    private static string OneLine(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length <= MaxSubject ? line : line[..(char.IsHighSurrogate(line[MaxSubject - 1]) ? MaxSubject - 1 : MaxSubject)] + "…";
    }
}
