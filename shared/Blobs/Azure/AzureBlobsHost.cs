using MailCloud.AzureStorage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Blobs.Azure;

public static class AzureBlobsHost
{
    /// <summary>Blobs in a container of the storage account of section <c>AzureStorage</c>, which is first spoken to when the first of them is asked for.</summary>
    public static IServiceCollection AddAzureBlobs(this IServiceCollection services, IConfiguration configuration)
    {
        var options = services.AddAzureStorage(configuration);
        services.AddSingleton<BlobsTelemetry>();
        services.AddSingleton<IMessageBlobs>(provider =>
            new AzureBlobs(provider.CreateContainer(options, options.BlobContainer), provider.GetRequiredService<BlobsTelemetry>()));
        return services;
    }
}
