using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Queue;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Emails.Search;
using MailCloud.Web.Jmap.Push.Subscriptions;
using MailCloud.Web.Jmap.Submissions;
using MailCloud.Web.Jmap.Transfer;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap;

/// <summary>What methods use of the process.</summary>
internal sealed record JmapServices(IGrainFactory Grains, GrainCalls Calls, IMessageBlobs Blobs, IMailQueue Queue, TimeProvider Time, JmapOptions Options, ILoggerFactory Loggers, SendingServices Sending)
{
    /// <summary>What blob ids stand for: uploads, messages and their parts.</summary>
    public JmapBlobs BlobsById => new(this);

    public PartSizes PartSizes { get; } = new();

    public KeptSearches Searches { get; } = new();

    public PushCreations PushCreations { get; } = new();

    public SearchTurns SearchTurns { get; } = new();
}
