using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MailCloud.Backup;

/// <summary>Section <c>Backup</c>: where backups are kept, a folder or a storage account. With neither there are none.</summary>
public sealed record BackupOptions
{
    /// <summary>A folder of its own, made when it is missing; in a cluster one that every silo reaches. Empty when backups are kept in a storage account.</summary>
    public string Directory { get; init; } = "";

    /// <summary>Of the storage account for backups, with an account key or a shared access signature. Another account than the installation's outlives what happens to that one.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>The blob endpoint of the storage account for backups, <c>https://ACCOUNT.blob.core.windows.net</c>; the process then signs in by its own identity.</summary>
    public string ServiceUri { get; init; } = "";

    /// <summary>The client id of a user-assigned managed identity; empty: whatever identity the process finds.</summary>
    public string ManagedIdentityClientId { get; init; } = "";

    /// <summary>The container of a backup's blobs. Made when it is missing.</summary>
    public string BlobContainer { get; init; } = "backup-blobs";

    /// <summary>The container of a backup's journals. Made when it is missing.</summary>
    public string JournalContainer { get; init; } = "backup-journals";

    /// <summary>How many backups are kept, the newest: a week of daily ones. They share the blobs that they have in common.</summary>
    public int Keep { get; init; } = 7;

    /// <summary>True when there is a place for backups.</summary>
    public bool IsSet => Directory.Length > 0 || IsAccount;

    internal bool IsAccount => ConnectionString.Length > 0 || ServiceUri.Length > 0;

    /// <exception cref="InvalidOperationException">Options contradict each other; the message has all that is wrong.</exception>
    public static BackupOptions From(IConfiguration configuration)
    {
        var options = configuration.GetSection("Backup").Get<BackupOptions>() ?? new();
        var errors = options.Errors(configuration).ToList();
        return errors.Count == 0 ? options : throw new InvalidOperationException(string.Join("; ", errors));
    }

    private IEnumerable<string> Errors(IConfiguration configuration)
    {
        if (Directory.Length > 0 && IsAccount)
        {
            yield return "one of Backup:Directory and Backup's storage account may be set, not both";
        }

        if (Keep is < 1 or > 1000)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Backup:Keep is {Keep}, not 1 to 1000");
        }

        // A backup into what it is taken of would delete what it does not find there.
        var own = configuration.GetSection("AzureStorage");
        string[] containers = [own["BlobContainer"] ?? "blobs", own["JournalContainer"] ?? "journals"];
        if (IsAccount && ConnectionString == (own["ConnectionString"] ?? "") && ServiceUri == (own["ServiceUri"] ?? "") && containers.Intersect([BlobContainer, JournalContainer]).Any())
        {
            yield return "Backup:BlobContainer and Backup:JournalContainer are containers of the installation itself";
        }
    }
}
