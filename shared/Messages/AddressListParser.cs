using System.Text;

namespace MailCloud.Messages;

/// <summary>Address lists (RFC 5322 §3.4, with the obsolete forms of §4.4) as ENVELOPE gives them: octets as they stand, encoded words undecoded.</summary>
public static class AddressListParser
{
    /// <summary>Addresses of one message's field beyond this are left out of the envelope; the header itself keeps them.</summary>
    private const int MaxAddresses = 2000;

    /// <param name="value">Of the field, unfolded, one char per octet.</param>
    /// <param name="addresses">Gets them.</param>
    public static void Parse(string value, List<AddressField> addresses)
    {
        var reader = new HeaderText(value);
        var inGroup = false;
        while (addresses.Count < MaxAddresses)
        {
            reader.SkipSpace();
            if (reader.AtEnd)
            {
                break;
            }

            if (reader.Peek == ',')
            {
                reader.Skip();
            }
            else if (reader.Peek == ';')
            {
                reader.Skip();
                EndGroup(ref inGroup, addresses);
            }
            else
            {
                ParseOne(reader, ref inGroup, addresses);
            }
        }

        EndGroup(ref inGroup, addresses);
    }

    private static void EndGroup(ref bool inGroup, List<AddressField> addresses)
    {
        if (inGroup)
        {
            addresses.Add(default);
            inGroup = false;
        }
    }

    private static void ParseOne(HeaderText reader, ref bool inGroup, List<AddressField> addresses)
    {
        var words = new List<string>();
        while (true)
        {
            var comment = reader.SkipSpace();
            if (reader.AtEnd || reader.Peek is ',' or ';')
            {
                // No "@" anywhere: a mailbox without a host, which must not be null (that would start a group).
                if (words.Count > 0)
                {
                    addresses.Add(new(comment, null, string.Join(' ', words), ""));
                }

                return;
            }

            switch (reader.Peek)
            {
                case '"':
                    words.Add(reader.ReadQuoted());
                    break;
                case '<':
                    reader.Skip();
                    addresses.Add(ParseAngle(reader, words.Count == 0 ? null : string.Join(' ', words)));
                    return;
                case ':' when !inGroup:
                    reader.Skip();
                    addresses.Add(new(null, null, string.Join(' ', words), null));
                    inGroup = true;
                    return;
                case '@':
                    reader.Skip();
                    var host = ReadHost(reader, ",;<", out var name);
                    addresses.Add(new(name, null, string.Concat(words), host));
                    return;
                default:
                    var word = reader.ReadUntil(" \t\r\n\"<>@,;:(");
                    if (word.Length == 0)
                    {
                        reader.Skip();
                    }
                    else
                    {
                        words.Add(word);
                    }

                    break;
            }
        }
    }

    // angle-addr = "<" [ obs-route ] addr-spec ">"; obs-route = "@" domain *("," "@" domain) ":"
    private static AddressField ParseAngle(HeaderText reader, string? name)
    {
        reader.SkipSpace();
        string? route = null;
        if (!reader.AtEnd && reader.Peek == '@')
        {
            route = reader.ReadUntil(":>").TrimEnd();
            if (!reader.AtEnd && reader.Peek == ':')
            {
                reader.Skip();
            }
        }

        var local = new StringBuilder();
        while (!reader.AtEnd && reader.Peek is not ('@' or '>'))
        {
            reader.SkipSpace();
            if (!reader.AtEnd && reader.Peek == '"')
            {
                local.Append(reader.ReadQuoted());
            }
            else
            {
                local.Append(reader.ReadUntil(" \t\r\n\"@>("));
            }
        }

        var host = "";
        if (!reader.AtEnd && reader.Peek == '@')
        {
            reader.Skip();
            host = ReadHost(reader, ">", out _);
        }

        reader.ReadUntil(">");
        if (!reader.AtEnd)
        {
            reader.Skip();
        }

        return new(name, route, local.ToString(), host);
    }

    /// <param name="reader">Stands after the "@".</param>
    /// <param name="stops">What ends it.</param>
    /// <param name="name">The comment beside it: the display name of the old form <c>bob@example.com (Bob)</c>.</param>
    private static string ReadHost(HeaderText reader, string stops, out string? name)
    {
        var host = new StringBuilder();
        name = null;
        while (true)
        {
            name = reader.SkipSpace() ?? name;
            if (reader.AtEnd || stops.Contains(reader.Peek, StringComparison.Ordinal))
            {
                return host.ToString();
            }

            var more = reader.ReadUntil(stops + " \t\r\n(");
            host.Append(more);
        }
    }
}
