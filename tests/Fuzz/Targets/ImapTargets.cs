using System.IO.Pipelines;
using System.Text;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxAccess.Imap.Commands.Authenticated;
using MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;
using MailCloud.MailboxAccess.Imap.Commands.Selected;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxAccess.Imap.Search;
using MailCloud.Wire;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>IMAP's commands. What is malformed is an <see cref="ImapSyntaxException"/> and nothing else.</summary>
internal static class ImapTargets
{
    private const string Closed = "closed within a literal";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Small, so that short inputs reach the bounds.</summary>
    private static readonly ImapOptions Options = new() { MaxCommandLength = 128, MaxDiscardedLiteral = 200 };

    private static readonly Dictionary<string, VerbParser> Verbs = new(StringComparer.OrdinalIgnoreCase)
    {
        ["LOGIN"] = r => Login.Parse(r),
        ["AUTHENTICATE"] = r => Authenticate.Parse(r),
        ["SELECT"] = r => Select.Parse(r),
        ["EXAMINE"] = r => Select.Parse(r),
        ["CREATE"] = r => Create.Parse(r),
        ["DELETE"] = r => MailboxArgument.Parse(r),
        ["RENAME"] = r => Rename.Parse(r),
        ["LIST"] = r => List.Parse(r),
        ["LSUB"] = r => Lsub.Parse(r),
        ["STATUS"] = r => Status.Parse(r),
        ["ENABLE"] = r => Enable.Parse(r),
        ["APPEND"] = r => Append.Parse(r),
        ["GETQUOTA"] = r => GetQuota.Parse(r),
        ["COMPRESS"] = r => Compress.Parse(r),
        ["COPY"] = r => Copy.Parse(r),
        ["FETCH"] = r => Fetch.Parse(r),
        ["STORE"] = r => Store.Parse(r),
        ["SEARCH"] = r => new SearchParser(r, Now).Parse(),
    };

    private delegate object VerbParser(ImapReader reader);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("imap-command-reader", Commands) { MaxLength = 384, Seeds = s => s.ImapDialogs, Tokens = ["{3}\r\n", "{3+}\r\n", "{200+}\r\n", "{99999999999}", "a APPEND INBOX {5+}\r\nhello", "~{4}\r\n", "APPEND ", "{1}\r\nx {1}\r\n", "\r\n"] },
        new("imap-command", Command) { MaxLength = 256, Seeds = s => s.Imap, Tokens = [.. Verbs.Keys.Select(v => " " + v + " "), "(USE (\\Sent))", "(QRESYNC (1 2 1:3 (1:2 3:4)))", "RETURN (SPECIAL-USE)", "\"\"", "INBOX", "{3}\r\nabc"] },
        new("imap-fetch", FetchItemsOf)
        {
            MaxLength = 192,
            Seeds = s => ArgumentsOf(s, "FETCH"),
            Tokens = ["BODY.PEEK[", "BODY[", "BINARY[", "BINARY.SIZE[", "HEADER.FIELDS (", "HEADER.FIELDS.NOT (", "HEADER", "TEXT", "MIME", "1.2.", "]", "<0.1>", "RFC822.SIZE", "ENVELOPE", "ALL", "(CHANGEDSINCE 1)", "(CHANGEDSINCE 1 VANISHED)", "\"a b\"", "{2}\r\nab"],
        },
        new("imap-search", SearchKeys)
        {
            MaxLength = 256,
            Seeds = s => ArgumentsOf(s, "SEARCH"),
            Tokens = [" CHARSET UTF-8 ", " CHARSET hz ", " CHARSET iso-2022-jp ", " RETURN (MIN MAX ALL COUNT) ", " NOT ", " OR ", "(", ")", " HEADER Subject ", " BODY ", " TEXT ", " SINCE 1-Feb-1994", " LARGER 1", " UID 1:*", " MODSEQ \"/flags/a\" all 1", " YOUNGER 1", " KEYWORD a", "{2}\r\n\u00e9"],
        },
        new("imap-store", r => Arguments(r, i => Store.Parse(i)))
        {
            MaxLength = 128,
            Seeds = s => ArgumentsOf(s, "STORE"),
            Tokens = [" +FLAGS", " -FLAGS", ".SILENT", " (UNCHANGEDSINCE 1) ", "\\Seen", "\\Deleted", "\\*", "$Forwarded"],
        },
        new("imap-append", r => Arguments(r, i => Append.Parse(i)))
        {
            MaxLength = 160,
            Seeds = s => ArgumentsOf(s, "APPEND"),
            Tokens = [" (\\Seen)", " \"17-Jul-1996 02:44:25 -0700\"", " {1}", " {1+}", " ~{1+}", "INBOX"],
        },
        new("imap-sequence-set", SequenceSets) { MaxLength = 64, Seeds = _ => Seeds.Of("1", "1:*", "*:3,7", "4294967295", "1,2,3:5,5:4"), Tokens = [":", ",", "*", "4294967295", "4294967294", "39", "40"] },
        new("imap-date", Dates) { MaxLength = 40, Seeds = _ => Seeds.Of("17-Jul-1996 02:44:25 -0700", " 1-Feb-1994 00:00:60 +0000", "1-Feb-1994", "31-Dec-9999 23:59:59 -2359"), Tokens = ["Feb", "29-Feb-2000", "-0000", "+1400", "0001", "9999", "01-Jan-0001"] },
        new("modified-utf7", ModifiedUtf7Names) { MaxLength = 128, Seeds = _ => Seeds.Of("&-", "&ZeVnLIqe-", "~peter/mail/&U,BTFw-", "Entw\u00fcrfe", "台北", "&2D3eAA-"), Tokens = ["&", "-", "&-", "&AOk-", "&2D0-", "é", "😀", "/"] },
        new("list-pattern", ListPatterns) { MaxLength = 48, GrownLength = 2048, Seeds = _ => Seeds.Of("*\nINBOX", "%/a\nb/a", "inbox*\nINBOX/a", "*%*a\nbba/cca"), Tokens = ["*", "%", "/", "\n", "INBOX", "inbox", "a"] },
    ];

    private static IEnumerable<byte[]> ArgumentsOf(Seeds seeds, string verb) =>
        from command in seeds.Imap
        let text = Encoding.Latin1.GetString(command)
        let at = text.IndexOf(verb + " ", StringComparison.OrdinalIgnoreCase)
        where at > 0
        select command[(at + verb.Length)..];

    private static bool Parses(ReadOnlySpan<byte> arguments, VerbParser parse)
    {
        try
        {
            parse(new(arguments));
            return true;
        }
        catch (ImapSyntaxException e)
        {
            // The message goes out in a BAD response.
            ThrowIf(e.Message.Length > 1000 || e.Message.Any(c => c is < ' ' or > '~'), "a complaint is one short line");
            return false;
        }
        catch (Exception e) when (e is UnknownCharsetException or SearchLimitException)
        {
            return false;
        }
    }

    private static void Arguments(ReadOnlyMemory<byte> input, VerbParser parse) => Parses(input.Span, parse);

    // As ImapSession does: a tag, the verb (two words for UID), its arguments.
    private static void Command(ReadOnlyMemory<byte> input)
    {
        var tag = input.Span.IndexOf((byte)' ');
        var rest = input.Span[(tag + 1)..];
        if (rest.StartsWith("UID "u8))
        {
            rest = rest[4..];
        }

        var end = rest.IndexOf((byte)' ');
        if (Verbs.TryGetValue(Encoding.Latin1.GetString(end < 0 ? rest : rest[..end]), out var parse))
        {
            Parses(end < 0 ? [] : rest[end..], parse);
        }
    }

    private static void Commands(ReadOnlyMemory<byte> input)
    {
        var cut = ReadCommands(Pieces.Cut(input), input.Length);

        // A literal that does not end costs an exception, which costs more than all else: not each time twice.
        if (!cut.Contains(Closed, StringComparison.Ordinal) || Pieces.DiceOf(input.Span).Below(8) == 0)
        {
            ThrowIf(cut != ReadCommands(Pieces.Whole(input), input.Length), "commands do not depend on how they come");
        }
    }

    private static string ReadCommands(Pieces pieces, int length)
    {
        var sent = new MemoryStream();
        var input = Pieces.Reader(pieces);
        var output = new ReplyWriter(PipeWriter.Create(sent), TimeProvider.System, Limit, 4096);
        var reader = new ImapCommandReader(input, new(output), Options);
        var seen = new StringBuilder();
        try
        {
            // Each command takes at least a line end.
            for (var commands = 0; commands <= length; commands++)
            {
                var status = AtOnce.Get(reader.ReadAsync(Limit, default, default));
                Note(seen, status, reader);
                ThrowIf(status == CommandStatus.Complete && reader.Octets.Length > Options.MaxCommandLength, "a command is no longer than allowed");
                if (status is CommandStatus.End or CommandStatus.Unreadable)
                {
                    break;
                }

                // As APPEND takes its messages, one after the other; then the session throws away what it left.
                while (reader.Pending is { Length: < 100 })
                {
                    var message = new MemoryStream();
                    Note(seen, AtOnce.Get(reader.ReadPendingAsync(message.WriteAsync, Limit, default)), reader);
                    seen.Append(Encoding.Latin1.GetString(message.ToArray()));
                }

                if (!AtOnce.Get(reader.DiscardPendingAsync(Options.MaxDiscardedLiteral, Limit, default)))
                {
                    break;
                }
            }
        }
        catch (EndOfStreamException)
        {
            seen.Append(Closed);
        }

        return seen.Append(Encoding.Latin1.GetString(sent.ToArray())).ToString();
    }

    private static void Note(StringBuilder seen, CommandStatus status, ImapCommandReader reader) =>
        seen.Append((int)status).Append(Encoding.Latin1.GetString(reader.Octets.Span)).Append(reader.Pending?.Length ?? -1).Append('\n');

    private static void FetchItemsOf(ReadOnlyMemory<byte> input) => Parses(input.Span, reader =>
    {
        var request = Fetch.Parse(reader);
        foreach (var fetched in request.Items.Sections)
        {
            CheckSection(fetched);
        }

        return request;
    });

    // The name that a response gives a section asks for the same section.
    private static void CheckSection(FetchedSection fetched)
    {
        ThrowIf(fetched.ResponseName.Any(c => c is < ' ' or > '~'), "a response names a section in one line");
        var name = fetched.Partial is { } partial ? fetched.ResponseName[..^$"<{partial.Offset}>".Length] : fetched.ResponseName;
        var reader = new ImapReader(Encoding.Latin1.GetBytes(name));
        var again = FetchItemsParser.Parse(ref reader).Sections.Single();
        ThrowIf(again.ResponseName != name || again.Form != fetched.Form, "a response's name of a section is read back");
        ThrowIf(
            again.Section.Text != fetched.Section.Text || !again.Section.Path.SequenceEqual(fetched.Section.Path) || !again.Section.Fields.SequenceEqual(fetched.Section.Fields),
            "a response names the section that was asked for");
    }

    private static void SearchKeys(ReadOnlyMemory<byte> input) => Parses(input.Span, reader => new SearchParser(reader, Now).Parse());

    private static void SequenceSets(ReadOnlyMemory<byte> input) => Parses(input.Span, reader =>
    {
        var set = reader.SequenceSet();
        reader.End();
        var written = new ImapReader(Encoding.ASCII.GetBytes(set.ToString())).SequenceSet();
        ThrowIf(!written.Ranges.SequenceEqual(set.Ranges), "a set is read back as it was written");
        foreach (var last in (uint[])[0, 1, 40])
        {
            CheckResolved(set, last);
        }

        return set;
    });

    private static void CheckResolved(SequenceSet set, uint last)
    {
        var resolved = set.Resolve(last);
        for (var i = 0; i < resolved.Count; i++)
        {
            ThrowIf(resolved[i].First > resolved[i].Last || (i > 0 && resolved[i].First <= (ulong)resolved[i - 1].Last + 1), "ranges ascend and neither meet nor overlap");
        }

        for (var number = 1u; number <= 41 && set.Ranges.Count < 1000; number++)
        {
            var named = last > 0 && set.Ranges.Any(r => IsBetween(number, r.First == SequenceSet.Star ? last : r.First, r.Last == SequenceSet.Star ? last : r.Last));
            ThrowIf(named != resolved.Any(r => r.First <= number && number <= r.Last), "a set names what its ranges name");
        }
    }

    private static bool IsBetween(uint number, uint a, uint b) => Math.Min(a, b) <= number && number <= Math.Max(a, b);

    private static void Dates(ReadOnlyMemory<byte> input)
    {
        var text = Encoding.Latin1.GetString(input.Span);
        if (ImapDate.TryParseDate(text, out var date))
        {
            ThrowIf(!ImapDate.TryParseDate($"{date:d-MMM-yyyy}", out var same) || same != date, "a date is read back");
        }

        if (!ImapDate.TryParseDateTime(text, out var time))
        {
            return;
        }

        ThrowIf(!ImapDate.TryParseDateTime(ImapDate.Format(time), out var again) || again != time, "a time is read back as it was written");
        var zone = new TimeSpan(int.Parse(text.AsSpan(22, 2)), int.Parse(text.AsSpan(24, 2)), 0) * (text[21] == '-' ? -1 : 1);
        var local = time.Ticks + zone.Ticks;
        if (zone.Duration() <= TimeSpan.FromHours(14) && local >= 0 && local <= DateTime.MaxValue.Ticks && text[18] != '6' && zone != TimeSpan.Zero)
        {
            var padded = text[0] == '0' ? " " + text[1..] : text;
            ThrowIf(!ImapDate.Format(time.ToOffset(zone)).Equals(padded, StringComparison.OrdinalIgnoreCase), "a time is what was written");
        }
    }

    private static void ModifiedUtf7Names(ReadOnlyMemory<byte> input)
    {
        var wire = Encoding.Latin1.GetString(input.Span);
        if (ModifiedUtf7.TryDecode(wire, out var decoded))
        {
            ThrowIf(ModifiedUtf7.Encode(decoded) != wire, "a name has one form on the wire");
        }

        var name = Encoding.UTF8.GetString(input.Span);
        if (name.Length <= 100)
        {
            ThrowIf(!ModifiedUtf7.TryDecode(ModifiedUtf7.Encode(name), out var again) || again != name, "a name is read back as it was written");
        }
    }

    private static void ListPatterns(ReadOnlyMemory<byte> input)
    {
        if (Encoding.Latin1.GetString(input.Span).Split('\n') is [var pattern, var name])
        {
            ThrowIf(ListPattern.Matches(pattern, name) != PlainMatch(pattern, name), "* is anything, % anything without the separator");
        }
    }

    // Which beginnings of the name the pattern so far can be, character by character.
    private static bool PlainMatch(string pattern, string name)
    {
        var inbox = name == "INBOX" || name.StartsWith("INBOX/", StringComparison.Ordinal);
        var reached = new bool[name.Length + 1];
        reached[0] = true;
        foreach (var c in pattern)
        {
            var next = new bool[name.Length + 1];
            for (var n = 0; n <= name.Length; n++)
            {
                next[n] = c is '*' or '%'
                    ? reached[n] || (n > 0 && next[n - 1] && (c == '*' || name[n - 1] != '/'))
                    : n > 0 && reached[n - 1] && (c == name[n - 1] || (inbox && n <= 5 && char.ToUpperInvariant(c) == name[n - 1]));
            }

            reached = next;
        }

        return reached[name.Length];
    }
}
