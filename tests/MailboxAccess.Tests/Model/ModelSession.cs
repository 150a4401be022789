using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>What a client knows of a message: its UID and flags, 0 and -1 while it does not.</summary>
internal sealed record KnownMessage(uint Uid, int Flags, long ModSeq);

/// <summary>What a client keeps of a folder that it has left, for QRESYNC.</summary>
internal sealed record LeftFolder(uint UidValidity, long ModSeq, IReadOnlyList<KnownMessage> Messages);

/// <summary>
/// A real connection and a client on it that believes every response. It complains about responses that no state of the folder justifies, and
/// <see cref="Compare"/> holds what it believes against the model.
/// </summary>
internal sealed partial class ModelSession(ImapClient client, bool qresync, Action<string> log, Dictionary<(ModelFolder, uint), object>? recentOwners) : IAsyncDisposable
{
    private readonly Dictionary<ModelFolder, LeftFolder> left = [];
    private readonly List<KnownMessage> known = [];
    private readonly Dictionary<uint, KnownMessage> resynced = [];
    private LeftFolder? checkpoint;
    private object selection = new();
    private uint uidValidity;
    private long highest;
    private long highestInCommand;
    private bool vanishedEarlier;

    public ModelFolder? Folder { get; private set; }

    public bool ReadOnly { get; private set; }

    public bool IsIdle { get; private set; }

    /// <summary>True when the server has closed the connection.</summary>
    public bool IsOver { get; private set; }

    public IReadOnlyList<KnownMessage> Known => known;

    /// <summary>The highest modseq that the client may rely on; 0 without QRESYNC.</summary>
    public long Highest => qresync ? highest : 0;

    /// <summary>The model's change up to which the client knew everything, with <see cref="Highest"/>; null while it does not.</summary>
    public long? KnownChange { get; set; }

    public static async Task<ModelSession> OpenAsync(
        ImapServer server, string user, bool qresync, Action<string> log, Dictionary<(ModelFolder, uint), object>? recentOwners)
    {
        var session = new ModelSession(await ImapClient.ConnectAsync(server.EndPoint, user), qresync, log, recentOwners);
        if (qresync)
        {
            await session.RunAsync("ENABLE QRESYNC");
        }

        return session;
    }

    /// <summary>Runs a command; returns the tagged response. What became known to exist is asked for.</summary>
    public async Task<string> RunAsync(string command, bool holds = false)
    {
        var reply = await RunOnceAsync(command, holds);
        await LearnAsync();
        return reply;
    }

    public async Task<bool> SelectAsync(string name, ModelFolder? folder, bool readOnly)
    {
        Leave();
        var resync = qresync && folder is not null && left.TryGetValue(folder, out var kept) ? kept : null;
        var parameter = resync is null ? "" : $" (QRESYNC ({resync.UidValidity} {Math.Max(1, resync.ModSeq)}))";
        (Folder, ReadOnly, selection, highest) = (folder, readOnly, new(), 0);
        vanishedEarlier = resync is not null;
        resynced.Clear();
        foreach (var message in resync?.Messages ?? [])
        {
            resynced[message.Uid] = message;
        }

        var reply = await RunOnceAsync($"{(readOnly ? "EXAMINE" : "SELECT")} {name}{parameter}", holds: false);
        vanishedEarlier = false;
        var succeeded = reply.StartsWith("OK", StringComparison.Ordinal);
        if (!succeeded)
        {
            Folder = null;
            known.Clear();
            return false;
        }

        var synced = resynced.Values.OrderBy(m => m.Uid).Select(m => (m.Uid, m.Flags)).ToList();
        await LearnAsync();
        checkpoint = new(uidValidity, highest, [.. known]);
        if (resync is not null && resync.UidValidity == uidValidity)
        {
            var now = known.Select(m => (m.Uid, m.Flags)).ToList();
            Check(synced.SequenceEqual(now), $"after QRESYNC the client has {Write(synced)} and the folder {Write(now)}");
        }

        return true;
    }

    /// <summary>RFC 7162 §3.2.6: what has changed since the folder was selected, asked for as by a client that has lost what it was told.</summary>
    public async Task<string> FetchChangedAsync()
    {
        resynced.Clear();
        foreach (var message in checkpoint!.Messages)
        {
            resynced[message.Uid] = message;
        }

        vanishedEarlier = true;
        var reply = await RunAsync($"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {Math.Max(1, checkpoint.ModSeq)} VANISHED)");
        vanishedEarlier = false;
        var synced = resynced.Values.OrderBy(m => m.Uid).Select(m => (m.Uid, m.Flags)).ToList();
        var now = known.Select(m => (m.Uid, m.Flags)).ToList();
        Check(synced.SequenceEqual(now), $"after CHANGEDSINCE the client has {Write(synced)} and the folder {Write(now)}");
        return reply;
    }

    /// <summary>The folder is not selected any more.</summary>
    public void Leave()
    {
        if (Folder is { } folder)
        {
            left[folder] = new(uidValidity, highest, [.. known.Where(m => m.Uid != 0)]);
        }

        Folder = null;
        known.Clear();
    }

    public async Task IdleAsync()
    {
        log("IDLE");
        await client.IdleAsync();
        IsIdle = true;
    }

    public async Task DoneAsync()
    {
        log("DONE");
        IsIdle = false;
        foreach (var line in await client.DoneAsync())
        {
            Take(line, holds: false);
        }

        EndCommand();
        await LearnAsync();
    }

    /// <summary>A silent STORE: the client changes the flags that it knows by itself, and then believes what it is told.</summary>
    public void ChangeSilently(HashSet<uint> uids, char sign, int flags)
    {
        for (var i = 0; i < known.Count; i++)
        {
            if (uids.Contains(known[i].Uid))
            {
                known[i] = known[i] with { Flags = ModelFlags.Change(known[i].Flags, sign, flags) };
            }
        }
    }

    /// <summary>Reads until the client, who idles, knows what is in the folder; nothing else must be done for it.</summary>
    public async Task CatchUpAsync(ModelMailbox mailbox)
    {
        while (!IsOver && (Folder is { } folder && (!mailbox.Exists(folder) || Difference(holds: false) is not null)))
        {
            try
            {
                Take(await client.ReadLineAsync(), holds: false);
            }
            catch (OperationCanceledException)
            {
                throw new InvalidOperationException($"a session that idles was not told: {Difference(holds: false)}");
            }
        }
    }

    /// <summary>Compares what the client believes with the folder; while <paramref name="holds"/> it may still believe in messages that are gone.</summary>
    public void Compare(bool holds)
    {
        if (Folder is not null && !IsOver && Difference(holds) is { } difference)
        {
            throw new InvalidOperationException(difference);
        }
    }

    public async ValueTask DisposeAsync() => await client.DisposeAsync();

    private string? Difference(bool holds)
    {
        var there = known.Where(m => !holds || m.Uid == 0 || Folder!.Holds(m.Uid)).ToList();
        var same = there.Count == Folder!.Messages.Count
            && there.Zip(Folder.Messages).All(pair => pair.First.Uid == 0 || (pair.First.Uid == pair.Second.Uid && pair.First.Flags == pair.Second.Flags));
        return same ? null : $"the client has {Write(known.Select(m => (m.Uid, m.Flags)))} and the folder {Write(Folder.Messages.Select(m => (m.Uid, m.Flags)))}";
    }

    private async Task<string> RunOnceAsync(string command, bool holds)
    {
        log(command);
        IReadOnlyList<string> lines;
        try
        {
            lines = await client.RunAsync(command);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException("no answer to " + command);
        }

        foreach (var line in lines)
        {
            Take(line, holds);
        }

        EndCommand();
        return lines[^1];
    }

    // EXISTS leads a client to ask for what is new.
    private async Task LearnAsync()
    {
        var first = known.FindIndex(m => m.Uid == 0);
        if (first >= 0 && !IsOver && !IsIdle)
        {
            await RunOnceAsync($"FETCH {first + 1}:{known.Count} (UID FLAGS{(qresync ? " MODSEQ" : "")})", holds: true);
            Check(known.TrueForAll(m => m.Uid != 0), "FETCH left messages out");
        }
    }

    private void Take(string line, bool holds)
    {
        if (line.StartsWith("* BYE", StringComparison.Ordinal))
        {
            IsOver = true;
        }
        else if (Numbered().Match(line) is { Success: true } numbered)
        {
            TakeNumbered(int.Parse(numbered.Groups[1].Value, CultureInfo.InvariantCulture), numbered.Groups[2].Value, numbered.Groups[3].Value, holds);
        }
        else if (Vanished().Match(line) is { Success: true } vanished)
        {
            Check(qresync, "VANISHED without QRESYNC");
            Remove(Parse(vanished.Groups[2].Value), earlier: vanished.Groups[1].Success, holds);
        }
        else if (Code().Match(line) is { Success: true } code)
        {
            TakeCode(code.Groups[1].Value, long.Parse(code.Groups[2].Value, CultureInfo.InvariantCulture));
        }
    }

    private void TakeCode(string code, long value)
    {
        if (code == "UIDVALIDITY")
        {
            uidValidity = (uint)value;
        }
        else if (code == "HIGHESTMODSEQ")
        {
            // RFC 7162 §3.2.1: it may be lower than a MODSEQ that came before.
            (highest, highestInCommand) = (value, 0);
        }
    }

    private void EndCommand()
    {
        highest = Math.Max(highest, highestInCommand);
        highestInCommand = 0;
    }

    private void TakeNumbered(int number, string what, string rest, bool holds)
    {
        switch (what)
        {
            case "EXISTS":
                Check(number >= known.Count, "EXISTS shrank");
                while (known.Count < number)
                {
                    known.Add(new(0, -1, 0));
                }

                break;
            case "EXPUNGE":
                Check(!qresync, "EXPUNGE with QRESYNC");
                Check(!holds, "EXPUNGE during FETCH, STORE or SEARCH");
                Check(number >= 1 && number <= known.Count, "EXPUNGE of a number that does not exist");
                known.RemoveAt(number - 1);
                break;
            case "FETCH":
                Check(number >= 1 && number <= known.Count, "FETCH of a number that does not exist");
                TakeFetch(number - 1, rest);
                break;
        }
    }

    private void TakeFetch(int index, string items)
    {
        var (uid, flags, modSeq) = (Uid().Match(items), Flags().Match(items), ModSeq().Match(items));
        var message = known[index];
        if (uid.Success)
        {
            var named = uint.Parse(uid.Groups[1].Value, CultureInfo.InvariantCulture);
            Check(message.Uid == 0 || message.Uid == named, $"number {index + 1} was UID {message.Uid} and is {named}");
            message = message with { Uid = named };
        }

        Check(uid.Success || !qresync, "FETCH without the UID, with QRESYNC");
        if (flags.Success)
        {
            message = message with { Flags = ModelFlags.Parse(flags.Groups[1].Value) };
            TakeRecent(message.Uid, flags.Groups[1].Value.Contains("\\Recent", StringComparison.Ordinal));
        }

        if (modSeq.Success)
        {
            var value = long.Parse(modSeq.Groups[1].Value, CultureInfo.InvariantCulture);
            Check(value >= message.ModSeq, "a modseq fell");
            highestInCommand = Math.Max(highestInCommand, value);
            message = message with { ModSeq = value };
        }

        known[index] = message;
        if (message.Uid != 0)
        {
            resynced[message.Uid] = message;
        }
    }

    // RFC 3501 §2.3.2: a message is \Recent in one session that may change the folder.
    private void TakeRecent(uint uid, bool isRecent)
    {
        if (isRecent && !ReadOnly && uid != 0 && recentOwners is not null)
        {
            Check(recentOwners.TryAdd((Folder!, uid), selection) || recentOwners[(Folder!, uid)] == selection, $"UID {uid} is \\Recent twice");
        }
    }

    private void Remove(IEnumerable<uint> uids, bool earlier, bool holds)
    {
        Check(!earlier || vanishedEarlier, "VANISHED (EARLIER) at the wrong time");
        Check(earlier || !holds, "VANISHED during FETCH, STORE or SEARCH");
        foreach (var uid in uids)
        {
            resynced.Remove(uid);
            var index = earlier ? -1 : known.FindIndex(m => m.Uid == uid);

            // Who idles may not have asked for the UID yet: it is one of those at the end.
            index = index >= 0 || earlier ? index : known.FindIndex(m => m.Uid == 0);
            Check(index >= 0 || earlier, $"VANISHED of UID {uid}, which does not exist");
            if (index >= 0)
            {
                known.RemoveAt(index);
            }
        }
    }

    /// <summary>The UIDs of MODIFIED in a tagged response.</summary>
    public static IEnumerable<uint> ParseModified(string reply) => Modified().Match(reply) is { Success: true } modified ? Parse(modified.Groups[1].Value) : [];

    private static IEnumerable<uint> Parse(string set) => set.Split(',').SelectMany(range =>
    {
        var ends = range.Split(':').Select(end => uint.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return Enumerable.Range((int)ends[0], (int)(ends[^1] - ends[0]) + 1).Select(uid => (uint)uid);
    });

    private static string Write(IEnumerable<(uint Uid, int Flags)> messages) =>
        $"[{string.Join(' ', messages.Select(m => m.Uid == 0 ? "?" : $"{m.Uid}{ModelFlags.Write(m.Flags)}"))}]";

    private static void Check(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InvalidOperationException(complaint);
        }
    }

    [GeneratedRegex(@"^\* (\d+) (EXISTS|EXPUNGE|FETCH)(.*)$")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^\* VANISHED (\(EARLIER\) )?(\S+)$")]
    private static partial Regex Vanished();

    [GeneratedRegex(@"\[(UIDVALIDITY|HIGHESTMODSEQ) (\d+)\]")]
    private static partial Regex Code();

    [GeneratedRegex(@"\[MODIFIED (\S+)\]")]
    private static partial Regex Modified();

    [GeneratedRegex(@"UID (\d+)")]
    private static partial Regex Uid();

    [GeneratedRegex(@"FLAGS \(([^)]*)\)")]
    private static partial Regex Flags();

    [GeneratedRegex(@"MODSEQ \((\d+)\)")]
    private static partial Regex ModSeq();
}
