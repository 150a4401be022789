using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MailCloud.AzureStorage;

/// <summary>What those who keep something in the storage account of section <c>AzureStorage</c> share.</summary>
public static class AzureStorageHost
{
    /// <summary>Registers what containers need, and returns the settings.</summary>
    public static AzureStorageOptions AddAzureStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton<StorageTelemetry>();
        return AzureStorageOptions.From(configuration);
    }

    /// <summary>One container; the account is first spoken to when it is first opened.</summary>
    public static StorageContainer CreateContainer(this IServiceProvider services, AzureStorageOptions options, string name) =>
        new(options, name, services.GetRequiredService<StorageTelemetry>(), services.GetRequiredService<ILogger<StorageContainer>>());
}
