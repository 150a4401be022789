using MailCloud.Blobs;
using MailCloud.Blobs.Azure;
using MailCloud.Embedded;
using MailCloud.Journal;
using MailCloud.Journal.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCloud.Backup;

/// <summary>Where this installation keeps its backups. It is open only while somebody uses it, so that others may look into a folder in between.</summary>
public sealed class BackupPlace(BackupOptions options, ILoggerFactory loggers)
{
    /// <summary>What is said where neither a folder nor an account is set.</summary>
    public const string None = "there is no place for backups: set Backup:Directory, or Backup:ConnectionString or Backup:ServiceUri of a storage account";

    private readonly Lock guard = new();
    private ServiceProvider? stores;
    private int users;

    public BackupOptions Options => options;

    /// <summary>The backups; to be disposed of after use.</summary>
    /// <exception cref="InvalidOperationException">There is no place for backups, or another process uses it.</exception>
    public BackupStore Open()
    {
        if (!options.IsSet)
        {
            throw new InvalidOperationException(None);
        }

        lock (guard)
        {
            var opened = stores ?? OpenStores();
            var store = new BackupStore(opened.GetRequiredService<IMessageBlobs>(), opened.GetRequiredService<IJournal>(), Close);
            stores = opened;
            users++;
            return store;
        }
    }

    // Before anybody opens it anew: the folder is locked until it is closed.
    private ValueTask Close()
    {
        lock (guard)
        {
            if (--users == 0)
            {
                stores!.Dispose();
                stores = null;
            }
        }

        return ValueTask.CompletedTask;
    }

    // The same stores as an installation's, in a place of their own. What they count is not the installation's work, so their instruments have a factory that nobody listens to.
    private ServiceProvider OpenStores()
    {
        var services = new ServiceCollection();
        services.AddSingleton(loggers);
        if (options.IsAccount)
        {
            var account = Section("AzureStorage", new()
            {
                ["ConnectionString"] = options.ConnectionString,
                ["ServiceUri"] = options.ServiceUri,
                ["ManagedIdentityClientId"] = options.ManagedIdentityClientId,
                ["BlobContainer"] = options.BlobContainer,
                ["JournalContainer"] = options.JournalContainer,
            });
            services.AddAzureBlobs(account).AddAzureJournal(account);
        }
        else
        {
            services.AddEmbeddedStorage(Section("Embedded", new() { ["Directory"] = options.Directory }));
        }

        return services.BuildServiceProvider();
    }

    private static IConfigurationRoot Section(string name, Dictionary<string, string?> values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create($"{name}:{value.Key}", value.Value))).Build();
}
