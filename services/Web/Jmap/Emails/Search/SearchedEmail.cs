using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.MessageView;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>An Email as far as a search has read it.</summary>
/// <param name="record">With content where a condition or order needs it.</param>
/// <param name="keywords">Of the mailbox, by the bits of flag sets.</param>
/// <param name="thread">Flags of all Emails of its thread; none where no condition asks for them.</param>
/// <param name="blobs">Where bodies are.</param>
internal sealed class SearchedEmail(EmailRecord record, IReadOnlyList<string> keywords, IReadOnlyList<MessageFlags> thread, IMessageBlobs blobs)
{
    public EmailRecord Record => record;

    private EmailContent Content => field ??= EmailContent.Of(record, blobs);

    public bool Has(string keyword) => EmailKeywords.Has(record.Flags, keywords, keyword);

    public bool AllInThreadHave(string keyword) => thread.All(flags => EmailKeywords.Has(flags, keywords, keyword));

    public bool SomeInThreadHave(string keyword) => thread.Any(flags => EmailKeywords.Has(flags, keywords, keyword));

    public async ValueTask<bool> MatchesAsync(EmailTerm term, CancellationToken cancellationToken) => term switch
    {
        RowTerm row => Matches(row.Row),
        AttachmentTerm attachment => Content.Lists.HasAttachment == attachment.Wanted,
        HeaderTerm header => Matches(await Content.HeaderAsync(cancellationToken).ConfigureAwait(false), header),
        _ => await MatchesAsync((TextTerm)term, cancellationToken).ConfigureAwait(false),
    };

    /// <summary>As the mailbox answers it.</summary>
    private bool Matches(EmailFilter filter) => filter.Kind switch
    {
        EmailFilterKind.And => filter.Conditions.All(Matches),
        EmailFilterKind.Or => filter.Conditions.Any(Matches),
        EmailFilterKind.Not => !filter.Conditions.Any(Matches),
        EmailFilterKind.InFolder => record.Folders.Contains(filter.Folders[0]),
        EmailFilterKind.InOtherFolder => record.Folders.Except(filter.Folders).Any(),
        EmailFilterKind.Before => record.ReceivedAt.ToUnixTimeMilliseconds() < filter.Number,
        EmailFilterKind.After => record.ReceivedAt.ToUnixTimeMilliseconds() >= filter.Number,
        EmailFilterKind.MinSize => record.Size >= filter.Number,
        EmailFilterKind.MaxSize => record.Size < filter.Number,
        EmailFilterKind.HasKeyword => Has(filter.Keyword),
        EmailFilterKind.AllInThreadHaveKeyword => AllInThreadHave(filter.Keyword),
        _ => SomeInThreadHave(filter.Keyword),
    };

    private static bool Matches(HeaderSection header, HeaderTerm term) =>
        header.All(term.Name).Any(field => term.Text is null || term.Text.AreIn(HeaderDecoder.Decode(field.Value.Span)));

    private async ValueTask<bool> MatchesAsync(TextTerm term, CancellationToken cancellationToken)
    {
        var search = new TextSearch(term.Text);
        if (term.WithHeader)
        {
            var header = await Content.HeaderAsync(cancellationToken).ConfigureAwait(false);
            foreach (var field in TextTerm.Fields.SelectMany(header.All))
            {
                search.Add(HeaderDecoder.Decode(field.Value.Span));
                search.Break();
            }
        }

        return await BodySearch.FindAsync(Content, search, cancellationToken).ConfigureAwait(false);
    }
}
