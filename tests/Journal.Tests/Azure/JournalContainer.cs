using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MailCloud.Journal.Azure;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Journal.Tests.Azure;

/// <summary>A new container of journals, reached through a proxy, by one client after the other as of restarted processes.</summary>
internal sealed class JournalContainer : IAsyncDisposable
{
    private readonly string name = $"journals-{Guid.NewGuid():N}";
    private readonly int port;
    private ServiceProvider services;

    private JournalContainer(int port)
    {
        this.port = port;
        Network = new HttpProxy(port);
        services = Open();
    }

    public HttpProxy Network { get; }

    public IJournal Journal => services.GetRequiredService<IJournal>();

    /// <summary>The journal's blob as anybody with the account's key reaches it.</summary>
    public AppendBlobClient Blob(string journal) => new BlobContainerClient(Azurite.ConnectionString(port), name).GetAppendBlobClient(journal);

    /// <summary>The journal as it was: its blob made anew with these octets, without a replacement having been counted.</summary>
    public async Task RestoreAsync(string journal, byte[] content)
    {
        var blob = Blob(journal);
        await blob.CreateAsync(new AppendBlobCreateOptions { Metadata = (await blob.GetPropertiesAsync()).Value.Metadata });
        await blob.AppendBlockAsync(new MemoryStream(content));
    }

    public static JournalContainer New(AzuriteFixture azurite) => new(azurite.Port);

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

    private ServiceProvider Open()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("AzureStorage:ConnectionString", Azurite.ConnectionString(Network.Port)), new("AzureStorage:JournalContainer", name),
            new("AzureStorage:RetryDelay", "00:00:00.010"),
        ]).Build();
        return new ServiceCollection().AddAzureJournal(configuration).BuildServiceProvider();
    }
}
