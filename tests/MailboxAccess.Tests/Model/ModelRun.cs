namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>Runs a script against a server and the model side by side, on an account of its own.</summary>
internal sealed class ModelRun : IAsyncDisposable
{
    private static readonly string[] Names = [ModelMailbox.Inbox, "A", "B", "C"];

    private readonly ImapServer server;
    private readonly string user;
    private readonly ModelMailbox mailbox = new();
    private readonly Dictionary<int, ModelSession> sessions = [];
    private readonly Dictionary<(ModelFolder, uint), object> recentOwners = [];
    private readonly List<string> dialog = [];

    private readonly bool isCertain;

    private ModelRun(ImapServer server, string user, bool isCertain)
    {
        (this.server, this.user, this.isCertain) = (server, user, isCertain);
        foreach (var _ in SampleMail.All)
        {
            mailbox.Append(ModelMailbox.Inbox, 0);
        }
    }

    /// <summary>What went wrong and the commands that led there; null when nothing did.</summary>
    /// <param name="server">Where it runs.</param>
    /// <param name="script">The commands.</param>
    /// <param name="isCertain">False: the store fails at times, and \Recent is not compared (RFC 3501 §2.3.2: in doubt a message is recent).</param>
    public static async Task<string?> RunAsync(ImapServer server, IReadOnlyList<ModelStep> script, bool isCertain)
    {
        await using var run = new ModelRun(server, await server.CreateAccountAsync(), isCertain);
        try
        {
            foreach (var step in script)
            {
                await run.RunAsync(step);
            }

            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or OperationCanceledException or Xunit.Sdk.XunitException)
        {
            return $"{e.Message}\n{string.Join('\n', run.dialog)}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in sessions.Values)
        {
            await session.DisposeAsync();
        }
    }

    private async Task RunAsync(ModelStep step)
    {
        if (step.Command == ModelCommand.Deliver)
        {
            dialog.Add("a delivery");
            await server.DeliverAsync(user, SampleMail.All[step.A % SampleMail.All.Count]);
            mailbox.Append(ModelMailbox.Inbox, 0);
        }
        else
        {
            var session = await SessionAsync(step.Session);
            var holds = await RunAsync(session, step);
            if (holds is { } held && session.Folder is { } folder && mailbox.Exists(folder) && !session.IsIdle)
            {
                session.Compare(held);
                session.KnownChange = session.Known.Count == folder.Messages.Count ? mailbox.Clock.Now : null;
            }
        }

        foreach (var idle in sessions.Values.Where(s => s.IsIdle))
        {
            await idle.CatchUpAsync(mailbox);
        }
    }

    private async Task<ModelSession> SessionAsync(int number)
    {
        if (sessions.TryGetValue(number, out var session))
        {
            if (session.IsIdle && !session.IsOver)
            {
                await session.DoneAsync();
            }

            // RFC 2180 §3.3: who had a folder selected that is gone is told so and left.
            if (!session.IsOver && session.Folder is { } folder && !mailbox.Exists(folder))
            {
                await session.RunAsync("NOOP");
                Expect(session.IsOver, "a session whose folder was deleted goes on");
            }

            if (!session.IsOver)
            {
                return session;
            }

            await session.DisposeAsync();
        }

        return sessions[number] = await ModelSession.OpenAsync(server, user, qresync: number == 1, line => dialog.Add($"{number}: {line}"), isCertain ? recentOwners : null);
    }

    /// <summary>Returns whether EXPUNGE had to be held back; null when there was nothing to run the command on.</summary>
    private async Task<bool?> RunAsync(ModelSession session, ModelStep step)
    {
        var name = Names[step.A % Names.Length];
        switch (step.Command)
        {
            case ModelCommand.Select or ModelCommand.Examine:
                var folder = mailbox.Folders.GetValueOrDefault(name);
                Expect(await session.SelectAsync(name, folder, step.Command == ModelCommand.Examine) == folder is not null, "SELECT");
                return false;
            case ModelCommand.Noop:
                Expect(await session.RunAsync("NOOP"), succeeds: true);
                return false;
            case ModelCommand.Idle:
                await session.IdleAsync();
                return false;
            case ModelCommand.Append:
                var succeeds = mailbox.Append(name, Flags(step));
                Expect(await session.RunAsync($"APPEND {name} {ModelFlags.Write(Flags(step))} {{14+}}\r\nSubject: x\r\n\r\n"), succeeds);
                return false;
            case ModelCommand.Create:
                Expect(await session.RunAsync($"CREATE {name}"), mailbox.Create(name));
                return false;
            case ModelCommand.Delete:
                return await DeleteAsync(session, name);
            case ModelCommand.Rename:
                var newName = Names[step.B % Names.Length];
                Expect(await session.RunAsync($"RENAME {name} {newName}"), mailbox.Rename(name, newName));
                return false;
            default:
                return session.Folder is null ? null : await RunSelectedAsync(session, session.Folder, step);
        }
    }

    private async Task<bool> DeleteAsync(ModelSession session, string name)
    {
        var selected = session.Folder is { } folder && mailbox.Folders.GetValueOrDefault(name) == folder;
        var succeeds = mailbox.Delete(name);
        if (succeeds && selected)
        {
            session.Leave();
        }

        Expect(await session.RunAsync($"DELETE {name}"), succeeds);
        return false;
    }

    private async Task<bool?> RunSelectedAsync(ModelSession session, ModelFolder folder, ModelStep step)
    {
        switch (step.Command)
        {
            case ModelCommand.Unselect:
                Expect(await session.RunAsync("UNSELECT"), succeeds: true);
                session.Leave();
                return false;
            case ModelCommand.Close:
                folder.Messages.RemoveAll(m => !session.ReadOnly && (m.Flags & ModelFlags.Deleted) != 0);
                Expect(await session.RunAsync("CLOSE"), succeeds: true);
                session.Leave();
                return false;
            case ModelCommand.Expunge:
                folder.Messages.RemoveAll(m => !session.ReadOnly && (m.Flags & ModelFlags.Deleted) != 0);
                Expect(await session.RunAsync("EXPUNGE"), !session.ReadOnly);
                return false;
            default:
                return session.Known.Count == 0 ? null : await RunOnMessagesAsync(session, folder, step);
        }
    }

    private async Task<bool?> RunOnMessagesAsync(ModelSession session, ModelFolder folder, ModelStep step)
    {
        var (first, last) = (step.B % session.Known.Count, step.C % session.Known.Count);
        (first, last) = (Math.Min(first, last), Math.Max(first, last));
        var uids = session.Known.Skip(first).Take(last - first + 1).Select(m => m.Uid).ToHashSet();
        var numbers = $"{first + 1}:{last + 1}";
        var byUid = $"{uids.Min()}:{uids.Max()}";
        var target = Names[step.A % Names.Length];
        switch (step.Command)
        {
            case ModelCommand.Store:
                return await StoreAsync(session, folder, step, uids, "STORE " + numbers, silent: false);
            case ModelCommand.StoreSilent:
                return await StoreAsync(session, folder, step, uids, "STORE " + numbers, silent: true);
            case ModelCommand.UidStore:
                await StoreAsync(session, folder, step, uids, "UID STORE " + byUid, silent: false);
                return false;
            case ModelCommand.UidStoreSilent:
                await StoreAsync(session, folder, step, uids, "UID STORE " + byUid, silent: true);
                return false;
            case ModelCommand.ConditionalStore when session.ReadOnly || session.Highest == 0 || session.KnownChange is null:
                return null;
            case ModelCommand.ConditionalStore:
                await StoreOnConditionAsync(session, folder, step, uids, byUid);
                return false;
            case ModelCommand.Fetch:
                Expect(await session.RunAsync($"FETCH {numbers} (UID FLAGS)", holds: true), succeeds: true);
                return true;
            case ModelCommand.FetchSeen:
                folder.Change(session.ReadOnly ? [] : uids, '+', 1);
                Expect(await session.RunAsync($"FETCH {numbers} (UID BODY[TEXT]<9999.1>)", holds: true), succeeds: true);
                return true;
            case ModelCommand.UidFetch:
                Expect(await session.RunAsync($"UID FETCH {byUid} (FLAGS)"), succeeds: true);
                return false;
            case ModelCommand.FetchChanged when session.Highest == 0:
                return null;
            case ModelCommand.FetchChanged:
                Expect(await session.FetchChangedAsync(), succeeds: true);
                return false;
            case ModelCommand.Search:
                Expect(await session.RunAsync("SEARCH DELETED", holds: true), succeeds: true);
                return true;
            case ModelCommand.UidExpunge:
                folder.Messages.RemoveAll(m => !session.ReadOnly && uids.Contains(m.Uid) && (m.Flags & ModelFlags.Deleted) != 0);
                Expect(await session.RunAsync($"UID EXPUNGE {byUid}"), !session.ReadOnly);
                return false;
            case ModelCommand.Copy or ModelCommand.UidCopy:
                var copied = mailbox.Copy(folder, uids, target, move: false);
                Expect(await session.RunAsync(step.Command == ModelCommand.Copy ? $"COPY {numbers} {target}" : $"UID COPY {byUid} {target}"), copied);
                return false;
            default:
                var moved = !session.ReadOnly && mailbox.Copy(folder, uids, target, move: true);
                Expect(await session.RunAsync(step.Command == ModelCommand.Move ? $"MOVE {numbers} {target}" : $"UID MOVE {byUid} {target}"), moved);
                return false;
        }
    }

    private static async Task<bool> StoreAsync(ModelSession session, ModelFolder folder, ModelStep step, HashSet<uint> uids, string command, bool silent)
    {
        var sign = "+- "[step.A % 3];
        var flags = Flags(step);
        if (!session.ReadOnly)
        {
            folder.Change(uids, sign, flags);
            if (silent)
            {
                session.ChangeSilently(uids, sign, flags);
            }
        }

        var item = $"{sign}FLAGS{(silent ? ".SILENT" : "")}".TrimStart();
        Expect(await session.RunAsync($"{command} {item} {ModelFlags.Write(flags)}", holds: command.StartsWith("STORE", StringComparison.Ordinal)), !session.ReadOnly);
        return true;
    }

    // RFC 7162 §3.1.3: what others have changed since is left alone, and named.
    private static async Task StoreOnConditionAsync(ModelSession session, ModelFolder folder, ModelStep step, HashSet<uint> uids, string byUid)
    {
        var changed = folder.Messages.Where(m => uids.Contains(m.Uid) && m.Change > session.KnownChange).Select(m => m.Uid).ToList();
        folder.Change([.. uids.Except(changed)], '+', Flags(step));
        var reply = await session.RunAsync($"UID STORE {byUid} (UNCHANGEDSINCE {session.Highest}) +FLAGS {ModelFlags.Write(Flags(step))}");
        Expect(reply, succeeds: true);
        Expect(ModelSession.ParseModified(reply).SequenceEqual(changed), $"{reply}, and changed were {string.Join(' ', changed)}");
    }

    // \Deleted is what expunges need: every second set has it.
    private static int Flags(ModelStep step) => (1 << (step.B % ModelFlags.Names.Length)) | (step.C % 2 == 0 ? ModelFlags.Deleted : 0);

    private static void Expect(string reply, bool succeeds) => Expect(reply.StartsWith(succeeds ? "OK" : "NO", StringComparison.Ordinal), reply);

    private static void Expect(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InvalidOperationException("unexpected: " + complaint);
        }
    }
}
