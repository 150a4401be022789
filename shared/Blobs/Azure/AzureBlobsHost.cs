using MailCloud.AzureStorage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MailCloud.Blobs.Azure;

public static class AzureBlobsHost
{
    /// <summary>Blobs in a container of the storage account of section <c>AzureStorage</c>, which is first spoken to when the first of them is asked for.</summary>
    public static IServiceCollection AddAzureBlobs(this IServiceCollection services, IConfiguration configuration)
    {
        var options = AzureStorageOptions.From(configuration);
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton<StorageTelemetry>();
        services.AddSingleton<BlobsTelemetry>();
        services.AddSingleton<IMessageBlobs>(provider => new AzureBlobs(
            new StorageContainer(
                options, options.BlobContainer, provider.GetRequiredService<StorageTelemetry>(), provider.GetRequiredService<ILogger<StorageContainer>>()),
            provider.GetRequiredService<BlobsTelemetry>()));
        return services;
    }
}
