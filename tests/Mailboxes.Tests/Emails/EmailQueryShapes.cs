using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Queries as clients make them, and some that they could.</summary>
internal static class EmailQueryShapes
{
    public static EmailFilter In(int folder) => new() { Kind = EmailFilterKind.InFolder, Folders = [folder] };

    public static EmailFilter Has(string keyword) => new() { Kind = EmailFilterKind.HasKeyword, Keyword = keyword };

    public static EmailFilter And(params EmailFilter[] conditions) => new() { Kind = EmailFilterKind.And, Conditions = conditions };

    public static EmailFilter Or(params EmailFilter[] conditions) => new() { Kind = EmailFilterKind.Or, Conditions = conditions };

    public static EmailFilter Not(params EmailFilter[] conditions) => new() { Kind = EmailFilterKind.Not, Conditions = conditions };

    public static EmailFilter Number(EmailFilterKind kind, long number) => new() { Kind = kind, Number = number };

    public static EmailFilter Thread(EmailFilterKind kind, string keyword) => new() { Kind = kind, Keyword = keyword };

    public static EmailFilter NotOnlyIn(params int[] folders) => new() { Kind = EmailFilterKind.InOtherFolder, Folders = folders };

    /// <summary>By date, with threads collapsed.</summary>
    public static IReadOnlyList<EmailQuery> Conversations(int folder) =>
    [
        new() { Filter = In(folder), CollapseThreads = true },
        new() { Filter = EmailFilter.Everything, Sort = [new(EmailSortKey.ReceivedAt, true)], CollapseThreads = true },
        new() { Filter = And(In(folder), Not(Has("$seen"))), CollapseThreads = true },
    ];

    public static IReadOnlyList<EmailQuery> All(IReadOnlyDictionary<string, int> folders)
    {
        var (inbox, trash, archive) = (folders["INBOX"], folders["Trash"], folders["Archive"]);
        EmailSort byDate = new(EmailSortKey.ReceivedAt, true);
        return
        [
            new() { Filter = In(inbox) },
            new() { Filter = In(inbox), CollapseThreads = true },
            new() { Filter = EmailFilter.Everything },
            new() { Filter = EmailFilter.Everything, Sort = [byDate], CollapseThreads = true },
            new() { Filter = And(In(inbox), Not(Has("$seen"))) },
            new() { Filter = NotOnlyIn(trash), Sort = [byDate] },
            new() { Filter = And(In(inbox), In(archive)) },
            new() { Filter = Not(In(inbox)) },
            new() { Filter = Or(In(archive), Has("$important")) },
            new() { Filter = And(Number(EmailFilterKind.After, 1_700_000_000_020), Number(EmailFilterKind.Before, 1_700_000_000_120)) },
            new() { Filter = And(In(inbox), Number(EmailFilterKind.MinSize, 130), Number(EmailFilterKind.MaxSize, 170)) },
            new() { Filter = Number(EmailFilterKind.MinSize, 150), Sort = [new(EmailSortKey.Size, false)] },
            new() { Filter = In(inbox), Sort = [new(EmailSortKey.HasKeyword, false, "$flagged"), new(EmailSortKey.ReceivedAt, false)] },
            new() { Filter = Thread(EmailFilterKind.SomeInThreadHaveKeyword, "$flagged") },
            new() { Filter = And(In(inbox), Thread(EmailFilterKind.AllInThreadHaveKeyword, "$seen")), Sort = [byDate] },
            new() { Filter = NotOnlyIn(trash), Sort = [new(EmailSortKey.SomeInThreadHaveKeyword, false, "$flagged"), byDate], CollapseThreads = true },
            new() { Filter = EmailFilter.Everything, Sort = [new(EmailSortKey.AllInThreadHaveKeyword, true, "$seen"), new(EmailSortKey.Size, true)] },
        ];
    }
}
