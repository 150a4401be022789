using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Queue;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Embedded.Tests;

/// <summary>Embedded storage in a folder of its own, which can be closed and opened again as a restarted process would.</summary>
internal sealed class EmbeddedFolder : IDisposable
{
    private ServiceProvider services;

    public EmbeddedFolder() => services = Open();

    public string Path { get; } = Directory.CreateTempSubdirectory("mailcloud-embedded-").FullName;

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public IMessageBlobs Blobs => services.GetRequiredService<IMessageBlobs>();

    public IJournal Journal => services.GetRequiredService<IJournal>();

    public IMailQueue Queue => services.GetRequiredService<IMailQueue>();

    public EmbeddedStore Store => services.GetRequiredService<EmbeddedStore>();

    public IServiceProvider Services => services;

    public Task ReopenAsync()
    {
        services.Dispose();
        services = Open();
        return Task.CompletedTask;
    }

    public ServiceProvider Open(string synchronous = "FULL")
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Embedded:Directory"] = Path,
            ["Embedded:Synchronous"] = synchronous,
        }).Build();
        return new ServiceCollection().AddSingleton<TimeProvider>(Time).AddEmbeddedStorage(configuration).BuildServiceProvider();
    }

    public void Close() => services.Dispose();

    public void Dispose()
    {
        services.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
