using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>The mail that a synchronising client keeps: a Maildir for each folder, its levels as folders within one another, their names as in IMAP.</summary>
internal sealed class Maildir(string root, Random random)
{
    private int delivered;

    public string Root { get; } = root;

    public IReadOnlyList<MessageCopy> Read() =>
        [.. Files().Select(f => new { f.Folder, f.File, Octets = File.ReadAllBytes(f.File) })
            .Select(f => new MessageCopy(f.Folder, TestMessage.IdOf(f.Octets), FlagsOf(f.File), TestMessage.Digest(f.Octets)))];

    /// <summary>Puts a message into a folder, as a mail program does.</summary>
    public void Deliver(string folder, byte[] message)
    {
        var directory = Path.Combine(Root, Encode(folder));
        foreach (var part in new[] { "cur", "new", "tmp" })
        {
            Directory.CreateDirectory(Path.Combine(directory, part));
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.{Environment.ProcessId}_{delivered++}.local");
        File.WriteAllBytes(Path.Combine(directory, "tmp", name), [.. message.Where(b => b != '\r')]);
        File.Move(Path.Combine(directory, "tmp", name), Path.Combine(directory, "cur", name + ":2," + RandomFlags()));
    }

    /// <summary>Gives a message of a folder other flags; false when the folder has none.</summary>
    public bool ChangeFlags(string folder)
    {
        if (Pick(folder, _ => true) is not { } file)
        {
            return false;
        }

        var name = file[..file.LastIndexOf(":2,", StringComparison.Ordinal)];
        File.Move(file, name + ":2," + RandomFlags());
        return true;
    }

    /// <summary>Removes a message that was delivered here and returns its id; null when the folder has none.</summary>
    public string? Remove(string folder, Func<string, bool> mayGo)
    {
        if (Pick(folder, f => mayGo(TestMessage.IdOf(File.ReadAllBytes(f)))) is not { } file)
        {
            return null;
        }

        var id = TestMessage.IdOf(File.ReadAllBytes(file));
        File.Delete(file);
        return id;
    }

    private string? Pick(string folder, Func<string, bool> fits)
    {
        var files = Files().Where(f => f.Folder == folder && f.File.Contains(":2,", StringComparison.Ordinal)).Select(f => f.File).Order(StringComparer.Ordinal).Where(fits).ToArray();
        return files.Length == 0 ? null : files[random.Next(files.Length)];
    }

    private string RandomFlags() => string.Concat("DFRS".Where(_ => random.Next(3) == 0));

    private IEnumerable<(string Folder, string File)> Files() =>
        from directory in Directory.EnumerateDirectories(Root, "cur", SearchOption.AllDirectories).Select(d => Path.GetDirectoryName(d)!)
        from part in new[] { "cur", "new" }
        from file in Directory.EnumerateFiles(Path.Combine(directory, part))
        select (Decode(Path.GetRelativePath(Root, directory)), file);

    private static string FlagsOf(string file) =>
        file.LastIndexOf(":2,", StringComparison.Ordinal) is var at && at < 0 ? "" : string.Concat(file[(at + 3)..].Where("DFRST".Contains).Order());

    /// <summary>Modified UTF-7 (RFC 3501 §5.1.3), for the names that these tests use.</summary>
    private static string Encode(string name)
    {
        var encoded = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var run = name.Skip(i).TakeWhile(c => c > '~').ToArray();
            if (run.Length > 0)
            {
                encoded.Append('&').Append(Convert.ToBase64String(Encoding.BigEndianUnicode.GetBytes(run)).TrimEnd('=').Replace('/', ',')).Append('-');
                i += run.Length - 1;
            }
            else
            {
                encoded.Append(name[i]);
            }
        }

        return encoded.ToString();
    }

    private static string Decode(string name)
    {
        var parts = name.Split('&');
        var decoded = new StringBuilder(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var (base64, rest) = (part[..part.IndexOf('-', StringComparison.Ordinal)].Replace(',', '/'), part[(part.IndexOf('-', StringComparison.Ordinal) + 1)..]);
            decoded.Append(Encoding.BigEndianUnicode.GetString(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')))).Append(rest);
        }

        return decoded.ToString();
    }
}
