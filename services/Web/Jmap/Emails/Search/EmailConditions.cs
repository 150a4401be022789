using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>The filter of Email/query and SearchSnippet/get (RFC 8621 §4.4.1).</summary>
internal static class EmailConditions
{
    /// <summary>More than any person keeps out of a search.</summary>
    private const int MaxFolders = 1000;

    /// <summary>Each is looked for in all that a message has, and nobody types as many.</summary>
    private const int MaxWords = 200;

    private static readonly (string Name, EmailFilterKind Kind, bool Not)[] Keywords =
    [
        ("hasKeyword", EmailFilterKind.HasKeyword, false),
        ("notKeyword", EmailFilterKind.HasKeyword, true),
        ("allInThreadHaveKeyword", EmailFilterKind.AllInThreadHaveKeyword, false),
        ("someInThreadHaveKeyword", EmailFilterKind.SomeInThreadHaveKeyword, false),
        ("noneInThreadHaveKeyword", EmailFilterKind.SomeInThreadHaveKeyword, true),
    ];

    private static readonly string[] HeaderTexts = ["from", "to", "cc", "bcc", "subject"];

    /// <exception cref="MethodException">unsupportedFilter, or invalidArguments.</exception>
    public static Filter<EmailTerm> Read(JsonObject? filter)
    {
        var read = FilterReader.Read<EmailTerm>(filter, Conditions);
        return read.Terms().Sum(term => term.Words) <= MaxWords ? CheapFirst(read) : throw FilterReader.Unsupported($"more than {MaxWords} words to look for");
    }

    public static bool NeedsContent(this Filter<EmailTerm> filter) => filter.Terms().Any(term => term is not RowTerm);

    /// <summary>What of it the mailbox can answer; the rest is unknown there.</summary>
    public static EmailFilter ToRows(this Filter<EmailTerm> filter) => filter switch
    {
        { Condition: RowTerm term } => term.Row,
        { Condition: not null } => new() { Kind = EmailFilterKind.Unknown },
        _ => new() { Kind = KindOf(filter.Operator), Conditions = [.. filter.Conditions.Select(ToRows)] },
    };

    private static EmailFilterKind KindOf(FilterOperator name) => name switch
    {
        FilterOperator.And => EmailFilterKind.And,
        FilterOperator.Or => EmailFilterKind.Or,
        _ => EmailFilterKind.Not,
    };

    // One that decides spares the others.
    private static Filter<EmailTerm> CheapFirst(Filter<EmailTerm> filter) =>
        filter with { Conditions = [.. filter.Conditions.Select(CheapFirst).OrderBy(inner => inner.Terms().Select(term => term.Cost).DefaultIfEmpty().Max())] };

    private static List<EmailTerm> Conditions(JsonObject json)
    {
        var members = new JmapArguments(json);
        var terms = new List<EmailTerm>();
        AddFolders(terms, members);
        AddNumbers(terms, members);
        foreach (var (name, kind, not) in Keywords)
        {
            if (members.FindText(name) is { } keyword)
            {
                var has = new EmailFilter { Kind = kind, Keyword = keyword.ToLowerInvariant() };
                terms.Add(new RowTerm(not ? new() { Kind = EmailFilterKind.Not, Conditions = [has] } : has));
            }
        }

        AddContent(terms, members);
        members.DoneAsFilter();
        return terms;
    }

    private static void AddFolders(List<EmailTerm> terms, JmapArguments members)
    {
        if (members.FindText("inMailbox") is { } folder)
        {
            // An id that is none names no folder, as 0 does.
            terms.Add(new RowTerm(new() { Kind = EmailFilterKind.InFolder, Folders = [ObjectIds.TryParseFolder(folder, out var id) ? id : 0] }));
        }

        if (members.FindTexts("inMailboxOtherThan") is { } folders)
        {
            int[] ids = [.. folders.Select(other => ObjectIds.TryParseFolder(other, out var id) ? id : 0).Where(id => id != 0).Distinct()];
            if (ids.Length > MaxFolders)
            {
                throw FilterReader.Unsupported($"inMailboxOtherThan has {MaxFolders} mailboxes at most");
            }

            terms.Add(new RowTerm(new() { Kind = EmailFilterKind.InOtherFolder, Folders = ids }));
        }
    }

    private static void AddNumbers(List<EmailTerm> terms, JmapArguments members)
    {
        AddNumber(terms, EmailFilterKind.Before, Time(members, "before"));
        AddNumber(terms, EmailFilterKind.After, Time(members, "after"));
        AddNumber(terms, EmailFilterKind.MinSize, members.FindUnsigned("minSize"));
        AddNumber(terms, EmailFilterKind.MaxSize, members.FindUnsigned("maxSize"));
    }

    private static void AddNumber(List<EmailTerm> terms, EmailFilterKind kind, long? number)
    {
        if (number is { } value)
        {
            terms.Add(new RowTerm(new() { Kind = kind, Number = value }));
        }
    }

    private static long? Time(JmapArguments members, string name) => members.FindText(name) is not { } text ? null
        : JmapText.TryUtcDate(text, out var time) ? time.ToUnixTimeMilliseconds() : throw MethodException.InvalidArguments($"{name} must be a UTCDate");

    private static void AddContent(List<EmailTerm> terms, JmapArguments members)
    {
        if (members.Has("hasAttachment"))
        {
            terms.Add(new AttachmentTerm(members.FindBool("hasAttachment", false)));
        }

        foreach (var name in HeaderTexts)
        {
            if (members.FindText(name) is { } words)
            {
                terms.Add(new HeaderTerm(name, TextWords.Parse(words)));
            }
        }

        if (members.FindTexts("header") is { } header)
        {
            terms.Add(header.Count is 1 or 2
                ? new HeaderTerm(header[0], header.Count == 1 ? null : TextWords.Parse(header[1]))
                : throw MethodException.InvalidArguments("header must be a name, or a name and a text"));
        }

        if (members.FindText("body") is { } body)
        {
            terms.Add(new TextTerm(TextWords.Parse(body), WithHeader: false));
        }

        if (members.FindText("text") is { } text)
        {
            terms.Add(new TextTerm(TextWords.Parse(text), WithHeader: true));
        }
    }
}
