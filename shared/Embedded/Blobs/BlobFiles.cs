using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace MailCloud.Embedded.Blobs;

/// <summary>
/// The files of blobs that are too large for a row. A file is written under a temporary name, synced, renamed, and its folder synced; only then does
/// its row make it a blob. So a crash leaves at most a file that no row names: temporary ones go at the next start, others are found by the sweep.
/// </summary>
internal sealed class BlobFiles
{
    private const int Folders = 256;

    // Kept, and not known to have a row yet: by nobody's clock are these strays.
    private readonly ConcurrentDictionary<string, bool> beingNamed = [];
    private readonly string root;
    private readonly string unfinished;
    private readonly ILogger logger;

    public BlobFiles(string root, ILogger logger)
    {
        this.root = root;
        this.logger = logger;
        unfinished = Path.Combine(root, "unfinished");
        Directory.CreateDirectory(unfinished);
        for (var i = 0; i < Folders; i++)
        {
            Directory.CreateDirectory(Path.Combine(root, FolderName(i)));
        }

        Directories.Sync(root);
        Directories.Sync(Path.GetDirectoryName(root)!);
        RemoveUnfinished();
    }

    /// <summary>Opened for sharing: it is read under its kept name while the upload that wrote it may still hold it open.</summary>
    public FileStream CreateUnfinished() => new(
        Path.Combine(unfinished, Guid.NewGuid().ToString("N")),
        new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });

    /// <summary>Makes a finished upload durable under a new name of its own, <c>folder/name</c>, and returns that. It is being named until <see cref="Named"/>.</summary>
    public string Keep(FileStream upload)
    {
        RandomAccess.FlushToDisk(upload.SafeFileHandle);
        var id = Guid.NewGuid();
        var file = $"{FolderName(id.ToByteArray()[0])}/{id:N}";
        beingNamed[file] = true;
        try
        {
            File.Move(upload.Name, PathOf(file));
            Directories.Sync(Path.GetDirectoryName(PathOf(file))!);
            return file;
        }
        catch
        {
            // It gets no row: what is left of it is for the sweep.
            Named(file);
            throw;
        }
    }

    /// <summary>Its row is committed, or it will have none.</summary>
    public void Named(string file) => beingNamed.TryRemove(file, out _);

    /// <summary>True while an upload that has kept the file may still give it its row.</summary>
    public bool IsBeingNamed(string file) => beingNamed.ContainsKey(file);

    /// <exception cref="FileNotFoundException">It was deleted.</exception>
    public SafeFileHandle OpenRead(string file) =>
        File.OpenHandle(PathOf(file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

    public bool Exists(string file) => File.Exists(PathOf(file));

    /// <summary>Its length and the time of its last write; null when there is no such file.</summary>
    public FileInfo? Find(string file) => new FileInfo(PathOf(file)) is { Exists: true } info ? info : null;

    /// <summary>Removes a file whose row is gone. One that cannot be removed now is left to the sweep.</summary>
    public void Remove(string file)
    {
        try
        {
            File.Delete(PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.FileNotRemoved(e, file);
        }
    }

    /// <summary>Every file, <c>folder/name</c>, folder by folder.</summary>
    public IEnumerable<string> List()
    {
        for (var i = 0; i < Folders; i++)
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(root, FolderName(i))))
            {
                yield return $"{FolderName(i)}/{Path.GetFileName(path)}";
            }
        }
    }

    private static string FolderName(int i) => i.ToString("x2", CultureInfo.InvariantCulture);

    private string PathOf(string file) => Path.Combine(root, file);

    private void RemoveUnfinished()
    {
        var count = 0;
        foreach (var path in Directory.EnumerateFiles(unfinished))
        {
            File.Delete(path);
            count++;
        }

        if (count > 0)
        {
            logger.RemovedUnfinished(count);
        }
    }
}
