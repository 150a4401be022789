using System.Globalization;
using System.Runtime.CompilerServices;

namespace MailCloud.Cli.Mailboxes;

/// <summary>Reads one mbox file, or all of a directory. A message is known by where it begins: a file that is appended to keeps what was filed.</summary>
internal sealed class MboxSource(string path) : IMailSource
{
    public IEnumerable<FoundFolder> Folders() => File.Exists(path)
        ? [new("INBOX", path, $"{path}.mailcloud-import")]
        : Directory.EnumerateFiles(path, $"*{Mbox.Extension}", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => new FoundFolder(Mbox.FolderOf(path, file), file, $"{file}.mailcloud-import"));

    public IReadOnlyCollection<string> Subscriptions()
    {
        var file = Path.Combine(path, Mbox.SubscriptionsFile);
        return File.Exists(file) ? [.. File.ReadLines(file).Where(line => line.Length > 0)] : [];
    }

    public IReadOnlyDictionary<string, string> SpecialUses() => Mailboxes.SpecialUses.Read(Path.Combine(path, Mbox.SpecialUsesFile), name => name);

    public async IAsyncEnumerable<FoundMessage> ReadAsync(FoundFolder folder, Func<string, bool> isFiled, FileStream octets, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(folder.Path);
        var lines = new LinePieces(file);
        MboxMessage? message = null;
        for (ReadOnlyMemory<byte> piece; !(piece = await lines.NextAsync(cancellationToken)).IsEmpty;)
        {
            if (lines.Begins && Mbox.IsSeparator(piece.Span) && message is null or { AtEmptyLine: true })
            {
                if (message?.End() is { } found)
                {
                    yield return found;
                }

                var key = lines.Offset.ToString(CultureInfo.InvariantCulture);
                octets.SetLength(0);
                message = new(key, Mbox.DateOf(piece.Span), isFiled(key) ? null : octets);
            }
            else if (message is null)
            {
                throw new AdminException($"{folder.Path} is no mbox file: it does not begin with a line 'From '");
            }
            else
            {
                await message.AddAsync(piece, lines.Begins, cancellationToken);
            }
        }

        if (message?.End() is { } last)
        {
            yield return last;
        }
    }

    /// <summary>A message while its lines are read. Without a file to write to it is only passed over.</summary>
    private sealed class MboxMessage(string key, DateTimeOffset? date, FileStream? octets)
    {
        private readonly HashSet<string> flags = [];
        private readonly HashSet<string> keywords = [];
        private StoredLines? lines;
        private byte[] emptyLine = [];
        private (int Lines, bool AsStored, bool Unended)? marker;
        private int added;
        private bool inHeader = true;
        private bool inStatus;

        /// <summary>The line read last is empty: what separates messages, or a line of this one.</summary>
        public bool AtEmptyLine => emptyLine.Length > 0;

        public async ValueTask AddAsync(ReadOnlyMemory<byte> piece, bool begins, CancellationToken cancellationToken)
        {
            if (octets is null)
            {
                emptyLine = begins && StatusFields.IsEmptyLine(piece.Span) ? piece.ToArray() : [];
                return;
            }

            if (lines is null)
            {
                marker = StatusFields.ReadMarker(piece.Span);
                added = marker?.Lines ?? 0;
                lines = new(octets, marker?.AsStored ?? false);
                if (marker is not null)
                {
                    return;
                }
            }

            if (IsStatus(piece.Span, begins))
            {
                return;
            }

            await lines.WriteAsync(emptyLine, cancellationToken);
            emptyLine = [];
            if (begins && StatusFields.IsEmptyLine(piece.Span))
            {
                (emptyLine, inHeader) = (piece.ToArray(), false);
                return;
            }

            await lines.WriteAsync(begins && Mbox.IsQuoted(piece.Span) ? piece[1..] : piece, cancellationToken);
        }

        public FoundMessage? End()
        {
            if (octets is null || octets.Length == 0)
            {
                return null;
            }

            if (marker is { Unended: true } unended)
            {
                octets.SetLength(octets.Length - (unended.AsStored ? 1 : 2));
            }

            return new(key, flags, keywords, date);
        }

        // The lines that the marker counts, or without one every field of that kind in the header, with what continues it.
        private bool IsStatus(ReadOnlySpan<byte> piece, bool begins)
        {
            if (begins)
            {
                inStatus = marker is not null
                    ? added-- > 0
                    : inHeader && (StatusFields.IsOne(piece) || (inStatus && StatusFields.IsContinuation(piece)));
                if (inStatus)
                {
                    StatusFields.Read(piece, flags, keywords);
                }
            }

            return inStatus;
        }
    }
}
