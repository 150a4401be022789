using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>What ESEARCH is to return (RFC 4731 §3.1).</summary>
[Flags]
internal enum SearchReturn
{
    /// <summary>No RETURN: a SEARCH response.</summary>
    None = 0,
    Min = 1,
    Max = 2,
    All = 4,
    Count = 8,
}

/// <summary>A SEARCH command: what to return, and the keys.</summary>
internal sealed record SearchRequest(SearchReturn Return, SearchKey Key);

/// <summary>Parses SEARCH's arguments (RFC 3501 §9, search; RFC 4731 §4; RFC 5032 §4; RFC 7162 §7; RFC 8474 §7).</summary>
/// <param name="reader">Stands before the space that leads them.</param>
/// <param name="now">From where YOUNGER and OLDER count back.</param>
internal ref struct SearchParser(ImapReader reader, DateTimeOffset now)
{
    /// <summary>Nesting deeper than anybody writes; it bounds the stack.</summary>
    private const int MaxDepth = 50;

    /// <summary>Keys of one command. Each is asked for each message; programs that look for many messages at once name some hundred of them.</summary>
    private const int MaxKeys = 1000;

    /// <summary>Keys that read the whole body of each message. People and their programs give a few words.</summary>
    private const int MaxBodyKeys = 50;

    private readonly DateTimeOffset now = now;
    private ImapReader reader = reader;
    private Encoding? charset;
    private int keyCount;
    private int bodyKeyCount;

    /// <exception cref="UnknownCharsetException">The charset is not known here.</exception>
    /// <exception cref="SearchLimitException">There are too many keys.</exception>
    public SearchRequest Parse()
    {
        reader.Space();
        var returned = SearchReturn.None;
        if (reader.TryWord("RETURN "u8))
        {
            returned = ReturnOptions();
            reader.Space();
        }

        if (reader.TryWord("CHARSET "u8))
        {
            charset = FindCharset(reader.AString());
            reader.Space();
        }

        var keys = Keys(0);
        reader.End();
        return new(returned, keys);
    }

    // RFC 4731 §3.1: an empty list means ALL.
    private SearchReturn ReturnOptions()
    {
        var options = SearchReturn.None;
        reader.Expect((byte)'(', "Expected a list of results");
        if (reader.TryTake((byte)')'))
        {
            return SearchReturn.All;
        }

        do
        {
            options |= reader.Atom().ToUpperInvariant() switch
            {
                "MIN" => SearchReturn.Min,
                "MAX" => SearchReturn.Max,
                "ALL" => SearchReturn.All,
                "COUNT" => SearchReturn.Count,
                _ => throw new ImapSyntaxException("Unknown search result"),
            };
        }
        while (reader.TrySpace());
        reader.Expect((byte)')', "The list of results is not closed");
        return options;
    }

    private AndKey Keys(int depth)
    {
        var keys = new List<SearchKey>();
        do
        {
            keys.Add(Key(depth));
        }
        while (reader.TrySpace());
        return new(keys);
    }

    private SearchKey Key(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new ImapSyntaxException("The search is nested too deeply");
        }

        Count(ref keyCount, MaxKeys);

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
        "BEFORE" => new DateKey(Date(), DateComparison.Before),
        "ON" => new DateKey(Date(), DateComparison.On),
        "SINCE" => new DateKey(Date(), DateComparison.Since),
        "SENTBEFORE" => new SentKey(Date(), DateComparison.Before),
        "SENTON" => new SentKey(Date(), DateComparison.On),
        "SENTSINCE" => new SentKey(Date(), DateComparison.Since),
        "YOUNGER" => new WithinKey(Interval(), Younger: true, now),
        "OLDER" => new WithinKey(Interval(), Younger: false, now),
        "MODSEQ" => new ModSeqKey(ModSeq()),
        "EMAILID" => new EmailIdKey(ObjectId()),
        "THREADID" => new ThreadIdKey(ObjectId()),
        "UID" => new SetKey(Set(), ByUid: true),
        "NOT" => new NotKey(Nested(depth)),
        "OR" => new OrKey(Nested(depth), Nested(depth)),
        "BCC" or "CC" or "FROM" or "SUBJECT" or "TO" => new HeaderKey(name, Text()),
        "HEADER" => new HeaderKey(FieldName(), Text()),
        "BODY" => new TextKey(BodyText(), Header: false),
        "TEXT" => new TextKey(BodyText(), Header: true),
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

    // objectid = 1*255(ALPHA / DIGIT / "_" / "-")
    private string ObjectId()
    {
        reader.Space();
        var id = reader.Atom();
        return id.Length <= 255 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? id : throw new ImapSyntaxException("Malformed object id");
    }

    private uint Number()
    {
        reader.Space();
        return reader.Number();
    }

    private uint Interval()
    {
        reader.Space();
        return reader.NonZeroNumber();
    }

    // search-modsequence = "MODSEQ" [entry-name SP entry-type-req] SP mod-sequence-valzer
    private long ModSeq()
    {
        reader.Space();
        if (reader.Peek == '"')
        {
            var entry = reader.String();
            reader.Space();
            if (!entry.StartsWith("/flags/", StringComparison.OrdinalIgnoreCase) || reader.Atom().ToUpperInvariant() is not ("PRIV" or "SHARED" or "ALL"))
            {
                throw new ImapSyntaxException("Unknown metadata entry");
            }

            reader.Space();
        }

        return reader.ModSeq();
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

    // Without CHARSET it should be US-ASCII; what older clients send instead is read by the rule for text that names none.
    private SearchText Text()
    {
        reader.Space();
        var octets = Encoding.Latin1.GetBytes(reader.AString());
        try
        {
            return new((charset ?? Charsets.Guess(octets)).GetString(octets));
        }
        catch (DecoderFallbackException)
        {
            throw new ImapSyntaxException("The text is not in its charset");
        }
    }

    private SearchText BodyText()
    {
        Count(ref bodyKeyCount, MaxBodyKeys);
        return Text();
    }

    private static void Count(ref int keys, int maximum)
    {
        if (++keys > maximum)
        {
            throw new SearchLimitException();
        }
    }

    private static Encoding FindCharset(string name) => Charsets.TryFind(name, out var found)
        ? Encoding.GetEncoding(found.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
        : throw new UnknownCharsetException();
}

/// <summary>NO [BADCHARSET (...)] (RFC 3501 §6.4.4).</summary>
internal sealed class UnknownCharsetException() : Exception("unknown charset");

/// <summary>NO [LIMIT] (RFC 5530 §3).</summary>
internal sealed class SearchLimitException() : Exception("too many search keys");
