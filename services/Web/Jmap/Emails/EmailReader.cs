using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Mailboxes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Asks the grain for Emails.</summary>
internal static class EmailReader
{
    /// <summary>Those that exist, page by page as the grain has room for them. The state is that of the first page: what changes after it is told again with the next.</summary>
    public static async Task<EmailPage> ReadAsync(JmapCall call, IReadOnlyList<Guid> ids, bool withContent, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return new() { ModSeq = await FolderReader.ReadModSeqAsync(call, cancellationToken).ConfigureAwait(false), Emails = [], Keywords = [] };
        }

        var grain = call.Emails;
        var emails = new List<EmailRecord>(ids.Count);
        long? modSeq = null;
        for (IReadOnlyList<Guid> left = ids; ;)
        {
            var asked = left.Take(EmailPage.MaxIds).ToArray();
            var page = await call.Services.Calls.CallAsync(() => grain.GetAsync(asked, withContent), cancellationToken).ConfigureAwait(false);
            emails.AddRange(page.Emails);
            modSeq ??= page.ModSeq;
            left = [.. page.Left, .. left.Skip(asked.Length)];
            if (left.Count == 0)
            {
                return page with { ModSeq = modSeq.Value, Emails = emails, Left = [] };
            }
        }
    }

    /// <summary>All Emails of a mailbox that has no more than one /get gives.</summary>
    /// <exception cref="MethodException">requestTooLarge.</exception>
    public static async Task<IReadOnlyList<Guid>> FindAllAsync(JmapCall call, bool collapseThreads, CancellationToken cancellationToken)
    {
        var grain = call.Emails;
        var query = new MailboxContracts.EmailQuery { Filter = EmailFilter.Everything, CollapseThreads = collapseThreads };
        var window = new EmailWindow { Limit = call.Services.Options.MaxObjectsInGet + 1 };
        var found = await call.Services.Calls.CallAsync(() => grain.QueryAsync(query, window), cancellationToken).ConfigureAwait(false);
        StandardGet.CheckCount(call, found.Emails.Length);
        return found.Emails;
    }
}
