using System.Collections.Frozen;
using MailCloud.Web.Jmap.BlobMethods;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Identities;
using MailCloud.Web.Jmap.Mailboxes;
using MailCloud.Web.Jmap.Push.Subscriptions;
using MailCloud.Web.Jmap.Quotas;
using MailCloud.Web.Jmap.Snippets;
using MailCloud.Web.Jmap.Submissions;
using MailCloud.Web.Jmap.Threads;
using MailCloud.Web.Jmap.Vacation;

namespace MailCloud.Web.Jmap;

/// <summary>All methods by name. Those of a type of record stand in a folder of their own.</summary>
internal static class JmapMethods
{
    public static readonly FrozenDictionary<string, JmapMethod> All = new JmapMethod[]
    {
        new("Core/echo", Capabilities.Core, Echo.RunAsync),
        new("Blob/copy", Capabilities.Core, BlobCopy.RunAsync),
        new("Blob/upload", Capabilities.Blob, BlobUpload.RunAsync),
        new("Blob/get", Capabilities.Blob, BlobGet.RunAsync),
        new("Blob/lookup", Capabilities.Blob, BlobLookup.RunAsync),
        new("Mailbox/set", Capabilities.Mail, MailboxSet.RunAsync),
        new("Email/set", Capabilities.Mail, EmailSet.RunAsync),
        new("Email/import", Capabilities.Mail, EmailImport.RunAsync),
        new("Email/copy", Capabilities.Mail, EmailCopy.RunAsync),
        new("Quota/get", Capabilities.Quota, QuotaGet.RunAsync),
        new("Quota/changes", Capabilities.Quota, QuotaChanges.RunAsync),
        new("Quota/query", Capabilities.Quota, QuotaQuery.RunAsync),
        new("Quota/queryChanges", Capabilities.Quota, QuotaQueryChanges.RunAsync),
        new("Mailbox/get", Capabilities.Mail, MailboxGet.RunAsync),
        new("Mailbox/changes", Capabilities.Mail, MailboxChanges.RunAsync),
        new("Mailbox/query", Capabilities.Mail, MailboxQuery.RunAsync),
        new("Mailbox/queryChanges", Capabilities.Mail, MailboxQueryChanges.RunAsync),
        new("Thread/get", Capabilities.Mail, ThreadGet.RunAsync),
        new("Thread/changes", Capabilities.Mail, ThreadChanges.RunAsync),
        new("Email/get", Capabilities.Mail, EmailGet.RunAsync),
        new("Email/changes", Capabilities.Mail, EmailChanges.RunAsync),
        new("Email/query", Capabilities.Mail, EmailQuery.RunAsync),
        new("Email/queryChanges", Capabilities.Mail, EmailQueryChanges.RunAsync),
        new("Email/parse", Capabilities.Mail, EmailParse.RunAsync),
        new("SearchSnippet/get", Capabilities.Mail, SearchSnippetGet.RunAsync),
        new("PushSubscription/get", Capabilities.Core, PushSubscriptionGet.RunAsync),
        new("PushSubscription/set", Capabilities.Core, PushSubscriptionSet.RunAsync),
        new("Identity/get", Capabilities.Submission, IdentityGet.RunAsync),
        new("Identity/changes", Capabilities.Submission, IdentityChanges.RunAsync),
        new("Identity/set", Capabilities.Submission, IdentitySet.RunAsync),
        new("EmailSubmission/get", Capabilities.Submission, EmailSubmissionGet.RunAsync),
        new("EmailSubmission/changes", Capabilities.Submission, EmailSubmissionChanges.RunAsync),
        new("EmailSubmission/query", Capabilities.Submission, EmailSubmissionQuery.RunAsync),
        new("EmailSubmission/queryChanges", Capabilities.Submission, EmailSubmissionQueryChanges.RunAsync),
        new("EmailSubmission/set", Capabilities.Submission, EmailSubmissionSet.RunAsync),
        new("VacationResponse/get", Capabilities.VacationResponse, VacationResponseGet.RunAsync),
        new("VacationResponse/set", Capabilities.VacationResponse, VacationResponseSet.RunAsync),
    }.ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);
}
