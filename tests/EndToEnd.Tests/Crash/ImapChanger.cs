using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MailCloud.EndToEnd.Tests.Clients;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>
/// An IMAP client with folders of its own in a mailbox, all below one prefix, which changes them at random, one command at a time, and knows what each OK promised. When the server has died it compares:
/// what was answered OK is there, what was not answered is there wholly or not at all, no UID stands for another message, and modseqs have grown with each change.
/// </summary>
internal sealed partial class ImapChanger(string user, string password, string prefix, int seed)
{
    private static readonly string[] Flags = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft"];

    private readonly Random random = new(seed);
    private readonly Dictionary<(string Folder, uint UidValidity, uint Uid), string> given = [];
    private readonly List<string> violations = [];
    private ImmutableSortedDictionary<string, KnownFolder> folders = ImmutableSortedDictionary.Create<string, KnownFolder>(StringComparer.Ordinal);
    private ImapChange? doubt;
    private string? selected;
    private TimeSpan longestWait;
    private int names;
    private int messages;

    /// <summary>Commands that changed something and were answered OK.</summary>
    public int Confirmed { get; private set; }

    /// <summary>Commands that were not answered.</summary>
    public int Doubtful { get; private set; }

    public IReadOnlyList<string> Violations => violations;

    public string User => user;

    /// <summary>How long it rests after each step.</summary>
    public TimeSpan Rest { get; set; }

    /// <summary>Whether the last change was not answered, and has not been looked for.</summary>
    public bool IsInDoubt => doubt is not null;

    /// <summary>The longest that an answer to a change took since this was last asked.</summary>
    public TimeSpan TakeLongestWait()
    {
        var longest = longestWait;
        longestWait = TimeSpan.Zero;
        return longest;
    }

    /// <summary>Compares what a server that has been started again holds with what is known, and takes it as known.</summary>
    public async Task CheckAsync(int port, CancellationToken stop)
    {
        using var wire = await ImapWire.OpenAsync(port, user, password, stop);
        var found = await ReadAsync(wire, stop);
        if (ImapCheck.Compare(folders, doubt, found) is { Length: > 0 } wrong)
        {
            violations.Add($"{user}: {wrong}");
        }

        foreach (var (name, folder) in found)
        {
            foreach (var (uid, message) in folder.Messages)
            {
                Given(name, folder, uid, message.Id);
            }
        }

        (folders, doubt) = (found, null);
    }

    /// <summary>Changes until cancelled, or until the server is gone.</summary>
    public async Task RunAsync(int port, CancellationToken stop)
    {
        try
        {
            await SessionAsync(port, stop, stop);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Killed under us: what was asked for last is in doubt.
        }
    }

    /// <summary>One session with change after change, until it is told to stop. It finishes the one that it is at, however long the answer takes, unless that is aborted.</summary>
    public async Task SessionAsync(int port, CancellationToken stop, CancellationToken abort)
    {
        using var wire = await ImapWire.OpenAsync(port, user, password, stop);
        selected = null;
        while (!stop.IsCancellationRequested)
        {
            await StepAsync(wire, abort);
            await Task.Delay(Rest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StepAsync(ImapWire wire, CancellationToken stop)
    {
        if (folders.Count < 2)
        {
            await CreateAsync(wire, stop);
            return;
        }

        var name = Any(folders.Keys);
        switch (random.Next(100))
        {
            case < 35:
                await AppendAsync(wire, name, stop);
                break;
            case < 55:
                await StoreAsync(wire, name, Some(name), Any(["", "+", "-"]), Any(Flags), stop);
                break;
            case < 68:
                await CopyAsync(wire, name, "COPY", stop);
                break;
            case < 82:
                await CopyAsync(wire, name, "MOVE", stop);
                break;
            case < 92:
                await StoreAsync(wire, name, Some(name), "+", "\\Deleted", stop);
                await ExpungeAsync(wire, name, stop);
                break;
            case < 95 when folders.Count < 6:
                await CreateAsync(wire, stop);
                break;
            case < 98:
                await RenameAsync(wire, name, stop);
                break;
            default:
                await DeleteAsync(wire, name, stop);
                break;
        }
    }

    /// <summary>One message, or several that come all or not at all (RFC 3502).</summary>
    private async Task AppendAsync(ImapWire wire, string name, CancellationToken stop)
    {
        var added = new List<(string Id, string Flags)>();
        var literals = new StringBuilder();
        for (var i = random.Next(4) == 0 ? random.Next(2, 5) : 1; i > 0; i--)
        {
            added.Add((string.Create(CultureInfo.InvariantCulture, $"{prefix}-{messages++}"), Letters(string.Join(' ', Flags.Where(_ => random.Next(3) == 0)))));
            var text = $"Subject: crash\r\nX-Test-Id: {added[^1].Id}\r\n\r\n{new string('x', random.Next(10) == 0 ? 100_000 : random.Next(1, 3000))}\r\n";
            literals.Append(CultureInfo.InvariantCulture, $" ({Words(added[^1].Flags)}) {ImapWire.Literal(text)}");
        }

        var change = new ImapChange($"APPEND of {added.Count} to {name}", folders, name, added);
        var answer = await ChangeAsync(wire, $"APPEND {name}{literals}", change, stop);
        Confirm(change, [.. Numbers(CodeOf(answer, "APPENDUID", change).Split(' ')[1])]);
    }

    private async Task StoreAsync(ImapWire wire, string name, uint[] uids, string sign, string flag, CancellationToken stop)
    {
        if (uids.Length == 0)
        {
            return;
        }

        await SelectAsync(wire, name, stop);
        var (folder, letter) = (folders[name], Letters(flag));
        var changed = folder.Messages;
        foreach (var uid in uids)
        {
            var flags = sign switch { "" => letter, "+" => Sorted(folder.Messages[uid].Flags + letter), _ => folder.Messages[uid].Flags.Replace(letter, "", StringComparison.Ordinal) };
            if (flags != folder.Messages[uid].Flags)
            {
                changed = changed.SetItem(uid, folder.Messages[uid] with { Flags = flags, ModSeq = folder.NextModSeq });
            }
        }

        var change = new ImapChange($"STORE in {name}", changed == folder.Messages ? folders : folders.SetItem(name, folder.Changed(changed)), name, []);
        var answer = await ChangeAsync(wire, $"UID STORE {string.Join(',', uids)} {sign}FLAGS{Any(["", ".SILENT"])} ({flag})", change, stop);
        Confirm(change, []);
        TakeModSeqs(name, answer);
    }

    private async Task CopyAsync(ImapWire wire, string name, string verb, CancellationToken stop)
    {
        var (uids, to) = (Some(name), Any(folders.Keys));
        if (uids.Length == 0 || (verb == "MOVE" && to == name))
        {
            return;
        }

        await SelectAsync(wire, name, stop);
        var folder = folders[name];
        var rest = verb == "MOVE" ? folders.SetItem(name, folder.Changed(folder.Messages.RemoveRange(uids))) : folders;
        var change = new ImapChange($"{verb} of {uids.Length} from {name} to {to}", rest, to, [.. uids.Select(uid => (folder.Messages[uid].Id, folder.Messages[uid].Flags))]);
        var answer = await ChangeAsync(wire, $"UID {verb} {string.Join(',', uids)} {to}", change, stop);
        var code = CodeOf(answer, "COPYUID", change).Split(' ');
        if (!Numbers(code[1]).SequenceEqual(uids))
        {
            violations.Add($"{user}: {change.Command} of {string.Join(',', uids)} was answered COPYUID {string.Join(' ', code)}");
        }

        Confirm(change, [.. Numbers(code[2])]);
    }

    private async Task ExpungeAsync(ImapWire wire, string name, CancellationToken stop)
    {
        var folder = folders[name];
        uint[] deleted = [.. folder.Messages.Where(m => m.Value.Flags.Contains('T', StringComparison.Ordinal)).Select(m => m.Key)];
        if (deleted.Length == 0)
        {
            return;
        }

        await SelectAsync(wire, name, stop);
        var change = new ImapChange($"EXPUNGE of {deleted.Length} in {name}", folders.SetItem(name, folder.Changed(folder.Messages.RemoveRange(deleted))), name, []);
        await ChangeAsync(wire, Any(["EXPUNGE", "UID EXPUNGE 1:*"]), change, stop);
        Confirm(change, []);
    }

    private async Task CreateAsync(ImapWire wire, CancellationToken stop)
    {
        var name = NewName();
        var change = new ImapChange($"CREATE {name}", folders.Add(name, KnownFolder.Empty), name, []);
        await ChangeAsync(wire, $"CREATE {name}", change, stop);
        Confirm(change, []);
    }

    private async Task RenameAsync(ImapWire wire, string name, CancellationToken stop)
    {
        var to = NewName();
        var change = new ImapChange($"RENAME {name} {to}", folders.Remove(name).Add(to, folders[name]), to, []);
        await ChangeAsync(wire, $"RENAME {name} {to}", change, stop);
        Confirm(change, []);
        selected = null;
    }

    private async Task DeleteAsync(ImapWire wire, string name, CancellationToken stop)
    {
        var change = new ImapChange($"DELETE {name}", folders.Remove(name), name, []);
        await ChangeAsync(wire, $"DELETE {name}", change, stop);
        Confirm(change, []);
        selected = null;
    }

    /// <summary>Asks for a change, which is in doubt until it is answered OK. Any other answer to what is right ends the connection: what became of it will be seen.</summary>
    private async Task<ImapAnswer> ChangeAsync(ImapWire wire, string command, ImapChange change, CancellationToken stop)
    {
        doubt = change;
        Doubtful++;
        var asked = Stopwatch.GetTimestamp();
        var answer = await wire.SendAsync(command, stop);
        var waited = Stopwatch.GetElapsedTime(asked);
        longestWait = waited > longestWait ? waited : longestWait;
        if (answer.Status == "BAD" || (answer.Status == "NO" && !answer.Text.StartsWith("[UNAVAILABLE]", StringComparison.Ordinal)))
        {
            violations.Add($"{user}: {change.Command} was answered {answer.Status} {answer.Text}");
        }

        return answer.Ok ? answer : throw new UnwantedAnswerException($"{change.Command} was answered {answer.Status} {answer.Text}");
    }

    /// <summary>The code that RFC 4315 §3 gives to an OK. Without it nothing was done, be it that the messages are gone: what became of them will be seen.</summary>
    private string CodeOf(ImapAnswer answer, string name, ImapChange change)
    {
        if (answer.Code(name) is { } code)
        {
            return code;
        }

        violations.Add($"{user}: {change.Command} was answered without {name}");
        throw new UnwantedAnswerException($"{change.Command} was answered without {name}");
    }

    private void Confirm(ImapChange change, IReadOnlyList<uint> uids)
    {
        if (change.Added.Count > 0 && (uids.Count != change.Added.Count || uids[0] < change.Rest[change.AddsTo].UidNext || !uids.SequenceEqual(uids.Order())))
        {
            violations.Add($"{user}: {change.Command} gave the UIDs {string.Join(',', uids)} after UIDNEXT {change.Rest[change.AddsTo].UidNext}");
        }

        folders = change.After(uids);
        foreach (var (uid, added) in uids.Zip(change.Added))
        {
            Given(change.AddsTo, folders[change.AddsTo], uid, added.Id);
        }

        doubt = null;
        Doubtful--;
        Confirmed++;
    }

    /// <summary>The modseqs that an answer told: each above what was known, and from now on the least.</summary>
    private void TakeModSeqs(string name, ImapAnswer answer)
    {
        foreach (var (_, items) in answer.Fetched())
        {
            var (uid, modSeq) = (Uid().Match(items), ModSeq().Match(items));
            var folder = folders[name];
            if (!uid.Success || !modSeq.Success || !folder.Messages.TryGetValue(Number(uid), out var message))
            {
                continue;
            }

            var told = long.Parse(modSeq.Groups[1].Value, CultureInfo.InvariantCulture);
            if (told < message.ModSeq)
            {
                violations.Add($"{user}: the modseq of UID {uid.Groups[1].Value} of {name} was told as {told}, not at least {message.ModSeq}");
            }

            folders = folders.SetItem(name, folder with
            {
                HighestModSeq = Math.Max(folder.HighestModSeq, told),
                Messages = folder.Messages.SetItem(Number(uid), message with { ModSeq = told }),
            });
        }
    }

    private async Task SelectAsync(ImapWire wire, string name, CancellationToken stop)
    {
        if (selected == name)
        {
            return;
        }

        selected = null;
        Right(await wire.SendAsync($"SELECT {name} (CONDSTORE)", stop), $"SELECT {name}");
        selected = name;
    }

    private async Task<ImmutableSortedDictionary<string, KnownFolder>> ReadAsync(ImapWire wire, CancellationToken stop)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, KnownFolder>(StringComparer.Ordinal);
        var list = Right(await wire.SendAsync($"LIST \"\" {prefix}*", stop), "LIST");
        foreach (var name in list.Untagged.Where(u => u.StartsWith("LIST ", StringComparison.Ordinal)).Select(u => u[(u.LastIndexOf(' ') + 1)..].Trim('"')))
        {
            var opened = Right(await wire.SendAsync($"EXAMINE {name} (CONDSTORE)", stop), $"EXAMINE {name}");
            var fetched = Right(await wire.SendAsync("UID FETCH 1:* (FLAGS MODSEQ BODY.PEEK[HEADER.FIELDS (X-Test-Id)])", stop), "UID FETCH");
            var messages = fetched.Fetched().Select(f => (
                Uid: Number(Uid().Match(f.Items)),
                Message: new KnownMessage(Id().Match(f.Items).Groups[1].Value, Letters(FlagList().Match(f.Items).Groups[1].Value), long.Parse(ModSeq().Match(f.Items).Groups[1].Value, CultureInfo.InvariantCulture)))).ToList();
            violations.AddRange(messages.GroupBy(m => m.Uid).Where(g => g.Count() > 1).Select(g => $"{user}: UID {g.Key} of {name} is {string.Join(" and ", g.Select(m => m.Message.Id))}"));
            found[name] = new(
                uint.Parse(opened.Code("UIDVALIDITY")!, CultureInfo.InvariantCulture),
                uint.Parse(opened.Code("UIDNEXT")!, CultureInfo.InvariantCulture),
                long.Parse(opened.Code("HIGHESTMODSEQ")!, CultureInfo.InvariantCulture),
                messages.DistinctBy(m => m.Uid).ToImmutableSortedDictionary(m => m.Uid, m => m.Message));
        }

        return found.ToImmutable();
    }

    /// <summary>A name is never used again, so that a folder's name and UIDVALIDITY stand for one folder.</summary>
    private void Given(string name, KnownFolder folder, uint uid, string id)
    {
        if (folder.UidValidity != 0 && !given.TryAdd((name, folder.UidValidity, uid), id) && given[(name, folder.UidValidity, uid)] is var before && before != id)
        {
            violations.Add($"{user}: UID {uid} of {name} was {before} and is {id}");
        }
    }

    private ImapAnswer Right(ImapAnswer answer, string command) => answer.Ok ? answer : throw new UnwantedAnswerException($"{command} of {user} was answered {answer.Status} {answer.Text}");

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{names++}");

    private T Any<T>(IEnumerable<T> from) => from.ElementAt(random.Next(from.Count()));

    private uint[] Some(string name) => [.. folders[name].Messages.Keys.Where(_ => random.Next(folders[name].Messages.Count) < 4)];

    private static string Letters(string flags) => AccountContents.Text(flags);

    private static string Words(string letters) => string.Join(' ', Flags.Where(f => letters.Contains(Letters(f), StringComparison.Ordinal)));

    private static string Sorted(string letters) => string.Concat(letters.Distinct().Order());

    private static uint Number(Match match) => uint.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>A set of UIDs, its ranges written out.</summary>
    private static IEnumerable<uint> Numbers(string set) => set.Split(',').Select(r => r.Split(':').Select(n => uint.Parse(n, CultureInfo.InvariantCulture)).ToArray())
        .SelectMany(r => Enumerable.Range((int)r[0], (int)(r[^1] - r[0]) + 1).Select(n => (uint)n));

    [GeneratedRegex(@"\bUID (\d+)")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\bMODSEQ \((\d+)\)")]
    private static partial Regex ModSeq();

    [GeneratedRegex(@"\bFLAGS \(([^)]*)\)")]
    private static partial Regex FlagList();

    [GeneratedRegex(@"X-Test-Id: (\S+)")]
    private static partial Regex Id();
}
