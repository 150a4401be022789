using System.Globalization;
using System.Net.Sockets;
using MailCloud.EndToEnd.Tests.Clients.Pop3;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// A POP3 client, the only one that removes from the INBOX of a mailbox. It reads and deletes at random, in sessions that end with QUIT or without, and knows what each answer promised: what a QUIT that was
/// answered +OK removed is gone for ever, an unanswered one has removed all that was marked or nothing, and whatever else was once listed is there under the same unique-id.
/// </summary>
internal sealed class Pop3Retriever(int mailbox, string user, string password, Ledger ledger, int seed)
{
    private const string IdField = "X-Test-Id: ";

    private readonly Random random = new(seed);
    private readonly List<string> violations = [];

    // X-Test-Ids by unique-id (RFC 1939 §7): what was listed and must be there, and what must never be there again.
    private readonly Dictionary<string, string> kept = [];
    private readonly Dictionary<string, string> removed = [];

    // Each message comes to a mailbox once.
    private readonly HashSet<string> ids = [];

    // Unique-ids that a QUIT without an answer was to remove.
    private string[] doubt = [];

    /// <summary>Messages removed by a QUIT that was answered +OK.</summary>
    public int Removed { get; private set; }

    /// <summary>QUITs that were to remove something and were not answered, and how many of them had done it.</summary>
    public int Unanswered { get; private set; }

    public int UnansweredDone { get; private set; }

    /// <summary>Sessions with marked messages that were ended without QUIT.</summary>
    public int BrokenOff { get; private set; }

    public IReadOnlyList<string> Violations => violations;

    public string User => user;

    /// <summary>Whether the last QUIT was not answered, and what it was to remove has not been looked for.</summary>
    public bool IsInDoubt => doubt.Length > 0;

    /// <summary>Compares what a server that has been started again lists with what is known, and takes it as known.</summary>
    public async Task CheckAsync(int port, CancellationToken stop)
    {
        using var wire = await Pop3Wire.OpenAsync(port, user, password, stop);
        await ListAsync(wire, stop);
        await wire.SendAsync("QUIT", stop);
    }

    /// <summary>Runs sessions until cancelled, or until the server is gone.</summary>
    public async Task RunAsync(int port, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await SessionAsync(port, stop, stop);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Killed under us: what was to be removed last is in doubt.
        }
    }

    /// <summary>One session. A login is given up when it is told to stop, everything else only when it is aborted.</summary>
    public async Task SessionAsync(int port, CancellationToken stop, CancellationToken abort)
    {
        using var wire = await Pop3Wire.OpenAsync(port, user, password, stop);
        await SessionAsync(wire, abort);
    }

    private async Task SessionAsync(Pop3Wire wire, CancellationToken stop)
    {
        var listed = await ListAsync(wire, stop);
        var sizes = await wire.ListAsync("LIST", stop);
        var marked = new List<string>();
        foreach (var number in listed.Keys.OrderBy(_ => random.Next()).Take(random.Next(1, 12)))
        {
            await RetrieveAsync(wire, number, listed[number], sizes[number], stop);
            if (random.Next(4) != 0)
            {
                Pop3Wire.Right(await wire.SendAsync(Command("DELE", number), stop), "DELE");
                marked.Add(listed[number]);
            }
        }

        switch (random.Next(10))
        {
            case 0:
                // RFC 1939 §6: the session never enters the UPDATE state, and nothing is removed.
                BrokenOff += marked.Count > 0 ? 1 : 0;
                return;
            case 1:
                Pop3Wire.Right(await wire.SendAsync("RSET", stop), "RSET");
                marked.Clear();
                break;
        }

        await QuitAsync(wire, [.. marked], stop);
    }

    /// <summary>The server removes what is marked; from here on until its answer it is in doubt. An answer that is not +OK leaves it there: what became of it will be seen.</summary>
    private async Task QuitAsync(Pop3Wire wire, string[] marked, CancellationToken stop)
    {
        doubt = marked;
        Unanswered += marked.Length > 0 ? 1 : 0;
        Pop3Wire.Right(await wire.SendAsync("QUIT", stop), "QUIT");
        Unanswered -= marked.Length > 0 ? 1 : 0;
        Removed += marked.Length;
        Remove(marked);
        doubt = [];
    }

    /// <summary>A message must be the one that its unique-id stands for, and have the octets that LIST says.</summary>
    private async Task RetrieveAsync(Pop3Wire wire, int number, string uidl, string size, CancellationToken stop)
    {
        var lines = await wire.LinesAsync(Command("RETR", number), stop);
        var octets = lines.Sum(l => l.Length + 2);
        if (IdOf(lines) != kept[uidl] || octets.ToString(CultureInfo.InvariantCulture) != size)
        {
            violations.Add($"{user}: {uidl} is {kept[uidl]} of {size} octets, and RETR gave {IdOf(lines)} of {octets}");
        }
    }

    /// <summary>The unique-ids by message-number, compared with what is known; what is new becomes known.</summary>
    private async Task<IReadOnlyDictionary<int, string>> ListAsync(Pop3Wire wire, CancellationToken stop)
    {
        var listed = await wire.ListAsync("UIDL", stop);
        Compare(listed.Values.ToHashSet(), listed.Count);
        var added = listed.Where(l => !kept.ContainsKey(l.Value)).OrderBy(l => l.Key).ToArray();
        var headers = await wire.PipelinedAsync(added.Select(l => $"{Command("TOP", l.Key)} 0"), stop);
        foreach (var (uidl, header) in added.Select(l => l.Value).Zip(headers))
        {
            var id = IdOf(header);
            if (!ids.Add(id))
            {
                violations.Add($"{user}: {id} has another unique-id, {uidl}");
            }

            kept[uidl] = id;
        }

        return listed;
    }

    private void Compare(HashSet<string> listed, int count)
    {
        if (listed.Count != count)
        {
            violations.Add($"{user}: {count} messages have {listed.Count} unique-ids");
        }

        Resolve(listed);
        foreach (var uidl in kept.Keys.Except(listed).ToArray())
        {
            violations.Add($"{user}: {uidl} ({kept[uidl]}) is gone, and no QUIT has removed it");
            Remove([uidl]);
        }

        foreach (var uidl in removed.Keys.Intersect(listed).ToArray())
        {
            violations.Add($"{user}: {uidl} ({removed[uidl]}) was removed and is there again");
            removed.Remove(uidl, out var id);
            kept[uidl] = id!;
        }
    }

    /// <summary>An unanswered QUIT has removed all that was marked, or nothing.</summary>
    private void Resolve(HashSet<string> listed)
    {
        var gone = doubt.Where(uidl => !listed.Contains(uidl)).ToArray();
        if (gone.Length > 0)
        {
            UnansweredDone++;
            Remove(gone);
        }

        if (gone.Length > 0 && gone.Length < doubt.Length)
        {
            violations.Add($"{user}: of {doubt.Length} messages that an unanswered QUIT was to remove it removed {gone.Length}");
        }

        doubt = [];
    }

    private void Remove(IEnumerable<string> uidls)
    {
        foreach (var uidl in uidls)
        {
            kept.Remove(uidl, out var id);
            removed[uidl] = id!;
            ledger.RecordRemoved(id!, mailbox);
        }
    }

    private static string Command(string verb, int number) => string.Create(CultureInfo.InvariantCulture, $"{verb} {number}");

    private static string IdOf(IEnumerable<string> lines) => lines.FirstOrDefault(l => l.StartsWith(IdField, StringComparison.Ordinal))?[IdField.Length..] ?? "none";
}
