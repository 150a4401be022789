using System.Text;

namespace MailCloud.Cli.Mailboxes;

/// <summary>Appends to mbox files. What stands in a file beyond the length that was recorded is of a message that a crash cut off, and goes before more is written.</summary>
internal sealed class MboxTarget(string root) : IMailTarget
{
    private FileStream? file;
    private string path = "";
    private ExportState state;

    public async Task<uint> OpenAsync(StoredFolder folder, CancellationToken cancellationToken)
    {
        await DisposeAsync();
        path = Mbox.FileOf(root, folder.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        state = ExportState.Read(StateFile, folder);
        var written = new FileInfo(path) is { Exists: true } info ? info.Length : 0;
        if (written < state.Length || (written > 0 && !File.Exists(StateFile)))
        {
            throw new AdminException($"{path} is not as an export left it: export into an empty directory");
        }

        if (!File.Exists(StateFile))
        {
            await state.WriteAsync(StateFile, cancellationToken);
        }

        file = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 64 * 1024);
        file.SetLength(state.Length);
        file.Seek(0, SeekOrigin.End);
        return state.LastUid;
    }

    public async Task<string?> AddAsync(StoredMessage message, Stream octets, MessageShape shape, CancellationToken cancellationToken)
    {
        await file!.WriteAsync(Encoding.UTF8.GetBytes(Mbox.SeparatorOf(message.Date) + StatusFields.Write(message, shape)), cancellationToken);
        await LineEnds.ToFileAsync(octets, file, piece => Mbox.NeedsQuote(piece.Span), shape.AsStored, cancellationToken);
        await file.WriteAsync(shape.Ended ? "\n"u8.ToArray() : "\n\n"u8.ToArray(), cancellationToken);
        state = state with { LastUid = message.Uid, Length = file.Position };
        return null;
    }

    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        file!.Flush(flushToDisk: true);
        await state.WriteAsync(StateFile, cancellationToken);
    }

    public Task SubscribeAsync(IEnumerable<string> folders, CancellationToken cancellationToken) =>
        DurableFiles.WriteAsync(Path.Combine(root, Mbox.SubscriptionsFile), string.Concat(folders.Select(folder => folder + "\n")), cancellationToken);

    public Task SaveUsesAsync(IEnumerable<StoredFolder> folders, CancellationToken cancellationToken) =>
        SpecialUses.WriteAsync(Path.Combine(root, Mbox.SpecialUsesFile), folders, name => name, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (file is not null)
        {
            await file.DisposeAsync();
        }
    }

    private string StateFile => path + ".mailcloud-export";
}
