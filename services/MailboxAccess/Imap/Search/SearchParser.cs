using System.Text;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>Parses SEARCH's arguments (RFC 3501 §9, search).</summary>
internal ref struct SearchParser(ImapReader reader)
{
    /// <summary>Nesting deeper than anybody writes; it bounds the stack.</summary>
    private const int MaxDepth = 50;

    private ImapReader reader = reader;
    private Encoding charset = Encoding.UTF8;

    /// <exception cref="UnknownCharsetException">The charset is not known here.</exception>
    public SearchKey Parse()
    {
        reader.Space();
        if (reader.TryWord("CHARSET "u8))
        {
            charset = FindCharset(reader.AString());
            reader.Space();
        }

        var keys = Keys(0);
        reader.End();
        return keys;
    }

    private AndKey Keys(int depth)
    {
        var keys = new List<SearchKey>();
        do
        {
            keys.Add(Key(depth));
        }
        while (reader.TrySpace());

        // The cheap ones first: one that fails spares the others.
        return new([.. keys.OrderBy(key => key is HeaderKey ? 1 : key is TextKey ? 2 : 0)]);
    }

    private SearchKey Key(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new ImapSyntaxException("The search is nested too deeply");
        }

        if (reader.TryTake((byte)'('))
        {
            var keys = Keys(depth + 1);
            reader.Expect((byte)')', "The list of search keys is not closed");
            return keys;
        }

        if (char.IsAsciiDigit((char)reader.Peek) || reader.Peek == '*')
        {
            return new SetKey(reader.SequenceSet(), ByUid: false);
        }

        return Named(reader.Atom().ToUpperInvariant(), depth);
    }

    private SearchKey Named(string name, int depth) => name switch
    {
        "ALL" => new AllKey(),
        "ANSWERED" => new FlagKey(MessageFlags.Answered, true),
        "UNANSWERED" => new FlagKey(MessageFlags.Answered, false),
        "DELETED" => new FlagKey(MessageFlags.Deleted, true),
        "UNDELETED" => new FlagKey(MessageFlags.Deleted, false),
        "DRAFT" => new FlagKey(MessageFlags.Draft, true),
        "UNDRAFT" => new FlagKey(MessageFlags.Draft, false),
        "FLAGGED" => new FlagKey(MessageFlags.Flagged, true),
        "UNFLAGGED" => new FlagKey(MessageFlags.Flagged, false),
        "SEEN" => new FlagKey(MessageFlags.Seen, true),
        "UNSEEN" => new FlagKey(MessageFlags.Seen, false),
        "RECENT" => new RecentKey(true),
        "OLD" => new RecentKey(false),
        "NEW" => new AndKey([new RecentKey(true), new FlagKey(MessageFlags.Seen, false)]),
        "KEYWORD" => new KeywordKey(Keyword(), true),
        "UNKEYWORD" => new KeywordKey(Keyword(), false),
        "LARGER" => new SizeKey(Number(), Larger: true),
        "SMALLER" => new SizeKey(Number(), Larger: false),
        "BEFORE" => new DateKey(Date(), DateComparison.Before, Sent: false),
        "ON" => new DateKey(Date(), DateComparison.On, Sent: false),
        "SINCE" => new DateKey(Date(), DateComparison.Since, Sent: false),
        "SENTBEFORE" => new DateKey(Date(), DateComparison.Before, Sent: true),
        "SENTON" => new DateKey(Date(), DateComparison.On, Sent: true),
        "SENTSINCE" => new DateKey(Date(), DateComparison.Since, Sent: true),
        "UID" => new SetKey(Set(), ByUid: true),
        "NOT" => new NotKey(Nested(depth)),
        "OR" => new OrKey(Nested(depth), Nested(depth)),
        "BCC" or "CC" or "FROM" or "SUBJECT" or "TO" => new HeaderKey(name, Text()),
        "HEADER" => new HeaderKey(FieldName(), Text()),
        "BODY" => new TextKey(Text(), Header: false),
        "TEXT" => new TextKey(Text(), Header: true),
        _ => throw new ImapSyntaxException("Unknown search key"),
    };

    private SearchKey Nested(int depth)
    {
        reader.Space();
        return Key(depth + 1);
    }

    private string Keyword()
    {
        reader.Space();
        return reader.Atom();
    }

    private uint Number()
    {
        reader.Space();
        return reader.Number();
    }

    private DateOnly Date()
    {
        reader.Space();
        return reader.Date();
    }

    private SequenceSet Set()
    {
        reader.Space();
        return reader.SequenceSet();
    }

    private string FieldName()
    {
        reader.Space();
        return reader.FieldName();
    }

    private string Text()
    {
        reader.Space();
        return charset.GetString(Encoding.Latin1.GetBytes(reader.AString()));
    }

    private static Encoding FindCharset(string name) => Charsets.TryFind(name, out var found) ? found : throw new UnknownCharsetException();
}

/// <summary>NO [BADCHARSET (...)] (RFC 3501 §6.4.4).</summary>
internal sealed class UnknownCharsetException() : Exception("unknown charset");
