using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace MailCloud.Cluster;

/// <summary>Events 6500 to 6599; README.md lists them.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(6500, LogLevel.Critical, "the membership table does not know this silo {Silo} any more: it ends, to join again")]
    public static partial void Outside(ILogger logger, SiloAddress silo);

    [LoggerMessage(6501, LogLevel.Warning, "the membership table cannot be read: {Reason}")]
    public static partial void TableUnreadable(ILogger logger, string reason);

    [LoggerMessage(6502, LogLevel.Warning, "the Kubernetes API does not tell of this pod, and the start waits: {Reason}")]
    public static partial void ApiAway(ILogger logger, string reason);
}
