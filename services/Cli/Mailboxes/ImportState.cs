using System.Text;

namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// What an import has filed of one folder, a line each: <c>filing IMPORT KEY</c> is written before a message is sent, <c>filed KEY</c> once the server has it. A message with the first line alone
/// is in doubt, and asked for under the import that it was sent with.
/// </summary>
internal sealed class ImportState : IAsyncDisposable
{
    private readonly HashSet<string> filed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> inDoubt = new(StringComparer.Ordinal);
    private readonly FileStream file;

    public ImportState(string path)
    {
        file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        using var reader = new StreamReader(file, leaveOpen: true);
        for (string? line; (line = reader.ReadLine()) is not null;)
        {
            switch (line.Split('\t'))
            {
                case ["filing", var import, var key]:
                    inDoubt[key] = import;
                    break;
                case ["filed", var key]:
                    filed.Add(key);
                    inDoubt.Remove(key);
                    break;
            }
        }

        // A line that a crash cut short says nothing; the next one must not continue it.
        file.Seek(0, SeekOrigin.End);
        Write("");
    }

    public int Filed => filed.Count;

    public bool IsFiled(string key) => filed.Contains(key);

    /// <summary>The import under which the message may have been filed; null when it was never sent.</summary>
    public string? DoubtOf(string key) => inDoubt.GetValueOrDefault(key);

    public void BeginFiling(string import, string key)
    {
        Write($"filing\t{import}\t{key}");
        inDoubt[key] = import;
    }

    public void EndFiling(string key)
    {
        Write($"filed\t{key}");
        inDoubt.Remove(key);
        filed.Add(key);
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();

    private void Write(string line)
    {
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        file.Flush(flushToDisk: true);
    }
}
