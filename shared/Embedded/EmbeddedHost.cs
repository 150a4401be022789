using MailCloud.Blobs;
using MailCloud.Embedded.Blobs;
using MailCloud.Embedded.Queue;
using MailCloud.Journal;
using MailCloud.Queue;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;

namespace MailCloud.Embedded;

public static class EmbeddedHost
{
    /// <summary>
    /// Bodies, journals and the delivery queue in one folder (<c>Embedded:Directory</c>), which is opened and locked when the first of them
    /// is asked for.
    /// </summary>
    public static IServiceCollection AddEmbeddedStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var options = EmbeddedOptions.From(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddLogging();
        services.AddSerializer();
        services.AddSingleton(options);
        services.AddSingleton<EmbeddedTelemetry>();
        services.AddSingleton<EmbeddedStore>();
        services.AddSingleton<IMessageBlobs, SqliteBlobs>();
        services.AddSingleton<IJournal, SqliteJournal>();
        services.AddSingleton<IMailQueue, SqliteQueue>();
        return services;
    }
}
