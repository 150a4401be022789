using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;

namespace MailCloud.AzureStorage;

/// <summary>
/// One container of the account, by two clients. <see cref="OpenAsync"/> gives the one that repeats what failed; <see cref="OpenForOneAttemptAsync"/> the one that never does,
/// for writes whose repeat could be taken for somebody else's. Both share connections. The container is made at the first use.
/// </summary>
public sealed class StorageContainer : IDisposable
{
    /// <summary>
    /// The SDK's default of 50 would let 50 slow readers of large bodies hold up everybody else; this is a twentieth of the 20,000 descriptors of a process.
    /// </summary>
    private const int MaxConnections = 1000;

    private readonly SocketsHttpHandler handler = new()
    {
        MaxConnectionsPerServer = MaxConnections,
        ConnectTimeout = TimeSpan.FromSeconds(5),

        // The service's addresses change when an account moves; a pooled connection would keep the old one.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    private readonly HttpClient http;
    private readonly BlobContainerClient repeating;
    private readonly BlobContainerClient oneAttempt;
    private readonly ILogger logger;
    private readonly SemaphoreSlim making = new(1, 1);
    private volatile bool made;

    public StorageContainer(AzureStorageOptions options, string name, StorageTelemetry telemetry, ILogger<StorageContainer> logger)
    {
        this.logger = logger;
        RetryDelay = options.RetryDelay;

        // The pipeline has time-outs of its own, per attempt and per read.
        http = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        repeating = Client(options, name, telemetry, options.MaxRetries);
        oneAttempt = Client(options, name, telemetry, 0);
    }

    /// <summary>Before a first repeat, also of what callers repeat themselves.</summary>
    public TimeSpan RetryDelay { get; }

    public ValueTask<BlobContainerClient> OpenAsync(CancellationToken cancellationToken) => made ? new(repeating) : MakeAsync(repeating, cancellationToken);

    public ValueTask<BlobContainerClient> OpenForOneAttemptAsync(CancellationToken cancellationToken) => made ? new(oneAttempt) : MakeAsync(oneAttempt, cancellationToken);

    public void Dispose()
    {
        http.Dispose();
        handler.Dispose();
        making.Dispose();
    }

    private async ValueTask<BlobContainerClient> MakeAsync(BlobContainerClient asked, CancellationToken cancellationToken)
    {
        await making.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!made)
            {
                // Asked first: an identity that may only read and write blobs cannot make containers, and need not when an administrator did.
                if (!await repeating.ExistsAsync(cancellationToken).ConfigureAwait(false))
                {
                    await repeating.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                    logger.ContainerMade(repeating.AccountName, repeating.Name);
                }

                made = true;
                logger.ContainerOpened(repeating.AccountName, repeating.Name);
            }
        }
        finally
        {
            making.Release();
        }

        return asked;
    }

    private BlobContainerClient Client(AzureStorageOptions options, string name, StorageTelemetry telemetry, int retries)
    {
        var settings = new BlobClientOptions { Transport = new HttpClientTransport(http) };
        settings.Retry.Mode = RetryMode.Exponential;
        settings.Retry.MaxRetries = retries;
        settings.Retry.Delay = options.RetryDelay;
        settings.Retry.NetworkTimeout = options.NetworkTimeout;
        settings.AddPolicy(telemetry, HttpPipelinePosition.PerRetry);
        var service = options.ServiceUri is { } uri
            ? new BlobServiceClient(uri, Identity(options.ManagedIdentityClientId), settings)
            : new BlobServiceClient(options.ConnectionString, settings);
        return service.GetBlobContainerClient(name);
    }

    private static TokenCredential Identity(string clientId) =>
        clientId.Length > 0 ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId)) : new DefaultAzureCredential();
}
