using MailCloud.Cluster;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Watching;

public static class WatchingHost
{
    /// <summary>Adds <see cref="MailboxWatches"/>, once, whichever services of a process ask for it. It needs a grain factory, which composition chooses.</summary>
    public static void AddWatching(this IHostApplicationBuilder builder)
    {
        builder.AddGrainCalls();
        builder.Services.TryAddSingleton<MailboxWatches>();
    }
}
