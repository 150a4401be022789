using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Which of some bodies a folder's messages refer to. Bodies carry their acceptance time, so only chunks of that time are opened.</summary>
internal sealed class BodySearch
{
    private readonly Dictionary<Guid, string> wanted = [];
    private readonly long[] times;

    public BodySearch(TenantId tenant, IReadOnlyList<string> bodies)
    {
        foreach (var body in bodies)
        {
            if (DeliveryId.TryParse(body[(body.LastIndexOf('/') + 1)..], out var id) && BodyRef.NameFor(tenant, id) == body)
            {
                wanted[id.Value] = body;
            }
        }

        times = [.. wanted.Keys.Select(id => new DeliveryId(id).AcceptedAt.ToUnixTimeMilliseconds()).Order()];
    }

    public HashSet<string> Found { get; } = new(StringComparer.Ordinal);

    public Task<bool> RunAsync(Folder folder, ChunkStore chunks) => new FolderReader(folder, chunks).InOneStepAsync(MayRefer, loaded =>
    {
        foreach (var row in loaded.SelectMany(l => l.Messages()).Select(m => m.Row).Concat(folder.Tail.Select(m => m.Row)))
        {
            if (wanted.TryGetValue(row.Body, out var name))
            {
                Found.Add(name);
            }
        }

        return true;
    });

    private bool MayRefer(Chunk chunk)
    {
        var index = Array.BinarySearch(times, chunk.FirstBodyAt);
        index = index < 0 ? ~index : index;
        return index < times.Length && times[index] <= chunk.LastBodyAt;
    }
}
