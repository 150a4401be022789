using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace MailCloud.Embedded.Blobs;

/// <summary>
/// The small blobs that were written last. A body is read once right after it was written, to be filed; from here that costs a copy, and not a statement on a connection whose cache each commit empties.
/// </summary>
internal sealed class RecentBlobs
{
    /// <summary>Octets of all buffers: some thousand mails of the usual size, more than wait to be filed while delivery keeps up.</summary>
    private const int MaxOctets = 8 << 20;

    private readonly Lock access = new();
    private readonly Dictionary<string, Recent> byName = new(StringComparer.Ordinal);
    private readonly Queue<Recent> oldestFirst = [];
    private int octets;

    /// <summary>Takes over a buffer of the shared pool, whose first octets are a committed blob's.</summary>
    public void Add(string name, byte[] buffer, int length)
    {
        lock (access)
        {
            var recent = new Recent(name, buffer, length);
            if (!byName.TryAdd(name, recent))
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return;
            }

            oldestFirst.Enqueue(recent);
            octets += buffer.Length;
            while (octets > MaxOctets)
            {
                Forget(oldestFirst.Dequeue());
            }
        }
    }

    /// <summary>A copy of a part of the blob, cut to what there is of it.</summary>
    public bool TryRead(string name, long offset, long? length, [NotNullWhen(true)] out byte[]? bytes)
    {
        lock (access)
        {
            bytes = byName.TryGetValue(name, out var recent) ? recent.Read(offset, length) : null;
            return bytes is not null;
        }
    }

    /// <summary>Forgets a blob that is deleted. Its buffer goes when its turn comes.</summary>
    public void Remove(string name)
    {
        lock (access)
        {
            byName.Remove(name);
        }
    }

    private void Forget(Recent oldest)
    {
        // Under this name there may be a younger one, when this one was deleted.
        if (byName.TryGetValue(oldest.Name, out var named) && named == oldest)
        {
            byName.Remove(oldest.Name);
        }

        octets -= oldest.Buffer.Length;
        ArrayPool<byte>.Shared.Return(oldest.Buffer);
    }

    private sealed class Recent(string name, byte[] buffer, int length)
    {
        public string Name => name;

        public byte[] Buffer => buffer;

        public byte[] Read(long offset, long? count)
        {
            var start = (int)Math.Min(offset, length);
            return buffer.AsSpan(start, (int)Math.Min(length - start, count ?? length)).ToArray();
        }
    }
}
