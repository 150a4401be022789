using MailCloud.AzureStorage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MailCloud.Journal.Azure;

public static class AzureJournalHost
{
    /// <summary>Journals in a container of the storage account of section <c>AzureStorage</c>, which is first spoken to when the first of them is opened.</summary>
    public static IServiceCollection AddAzureJournal(this IServiceCollection services, IConfiguration configuration)
    {
        var options = AzureStorageOptions.From(configuration);
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton<StorageTelemetry>();
        services.AddSingleton<IJournal>(provider => new AzureJournal(new StorageContainer(
            options, options.JournalContainer, provider.GetRequiredService<StorageTelemetry>(), provider.GetRequiredService<ILogger<StorageContainer>>())));
        return services;
    }
}
