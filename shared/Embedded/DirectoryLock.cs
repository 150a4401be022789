using System.Globalization;

namespace MailCloud.Embedded;

/// <summary>Holds a storage folder for this process until it is disposed or the process ends, however it ends.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream held;

    private DirectoryLock(FileStream held) => this.held = held;

    /// <exception cref="StorageInUseException">Another process holds it.</exception>
    public static DirectoryLock Take(string directory)
    {
        // The process id stands in a file of its own: the locked one cannot be opened by others.
        var owner = Path.Combine(directory, "lock.pid");
        try
        {
            var held = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(owner, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DirectoryLock(held);
        }
        catch (IOException e) when (File.Exists(owner) && !Sqlite.DiskFull.Is(e))
        {
            throw new StorageInUseException(directory, File.ReadAllText(owner).Trim(), e);
        }
    }

    public void Dispose() => held.Dispose();
}

/// <summary>Another process uses the storage folder.</summary>
public sealed class StorageInUseException(string directory, string owner, Exception inner)
    : Exception($"storage {directory} is in use by process {owner}", inner);
