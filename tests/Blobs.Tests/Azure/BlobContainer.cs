using MailCloud.Blobs.Azure;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Blobs.Tests.Azure;

/// <summary>A new container, reached through a proxy, by one client after the other as of restarted processes.</summary>
internal sealed class BlobContainer : IAsyncDisposable
{
    private readonly string name = $"blobs-{Guid.NewGuid():N}";
    private ServiceProvider services;

    private BlobContainer(int port)
    {
        Network = new HttpProxy(port);
        services = Open();
    }

    public HttpProxy Network { get; }

    public IMessageBlobs Blobs => services.GetRequiredService<IMessageBlobs>();

    public IServiceProvider Services => services;

    /// <summary>A further process at the same container.</summary>
    public ServiceProvider Open()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("AzureStorage:ConnectionString", Azurite.ConnectionString(Network.Port)), new("AzureStorage:BlobContainer", name),
            new("AzureStorage:RetryDelay", "00:00:00.010"),
        ]).Build();
        return new ServiceCollection().AddAzureBlobs(configuration).BuildServiceProvider();
    }

    public static BlobContainer New(AzuriteFixture azurite) => new(azurite.Port);

    public async Task ReopenAsync()
    {
        await services.DisposeAsync();
        services = Open();
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await Network.DisposeAsync();
    }
}
