using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>What must be seen of an Email to tell whether it matches, the cheapest first.</summary>
internal enum TermCost
{
    Row = 0,
    Thread = 1,
    Header = 2,
    Body = 3,
}

/// <summary>One condition on Emails.</summary>
internal abstract record EmailTerm
{
    public abstract TermCost Cost { get; }

    /// <summary>How many are looked for in content.</summary>
    public virtual int Words => 0;
}

/// <summary>What the mailbox's rows answer.</summary>
internal sealed record RowTerm(EmailFilter Row) : EmailTerm
{
    public override TermCost Cost => OfThreads(Row) ? TermCost.Thread : TermCost.Row;

    private static bool OfThreads(EmailFilter filter) =>
        filter.Kind is EmailFilterKind.AllInThreadHaveKeyword or EmailFilterKind.SomeInThreadHaveKeyword || filter.Conditions.Any(OfThreads);
}

internal sealed record AttachmentTerm(bool Wanted) : EmailTerm
{
    public override TermCost Cost => TermCost.Header;
}

/// <summary>Words in fields of a name; null: there is such a field.</summary>
internal sealed record HeaderTerm(string Name, TextWords? Text) : EmailTerm
{
    public override int Words => Text?.Folded.Count ?? 1;

    public override TermCost Cost => TermCost.Header;
}

/// <summary>Words in the texts of the body, and for <c>text</c> also in the fields that name people and the subject.</summary>
internal sealed record TextTerm(TextWords Text, bool WithHeader) : EmailTerm
{
    public override int Words => Text.Folded.Count;

    public static readonly string[] Fields = ["From", "To", "Cc", "Bcc", "Subject"];

    public override TermCost Cost => TermCost.Body;
}
