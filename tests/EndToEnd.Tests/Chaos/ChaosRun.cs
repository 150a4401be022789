using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MailCloud.EndToEnd.Tests.Clients;
using MailCloud.EndToEnd.Tests.Crash;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Chaos;

/// <summary>
/// A cluster under the load of the crash runs, spread over both edges of each kind, with sessions that idle beside it. Disturbs it, one event after the other, waits after each until it works
/// again, and counts what was promised and what is there.
/// </summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private static readonly string[] Silos = ["mailboxes-1", "mailboxes-2"];
    private static readonly string[] Services =
        [.. Silos, "local-delivery-1", "local-delivery-2", "smtp-ingress-1", "smtp-ingress-2", "mailbox-access-1", "mailbox-access-2", "web-1"];

    /// <summary>The longest event is five minutes without Redis.</summary>
    private static readonly TimeSpan EventLimit = TimeSpan.FromMinutes(10);

    /// <summary>After an event all must work again within this time.</summary>
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromMinutes(4);

    /// <summary>Before what did not succeed, or is not there yet, is looked at again.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    // Two cores carry the whole cluster and its clients: they rest, so that what is measured is not their own queue.
    private static readonly TimeSpan SenderRest = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan ChangerRest = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan RetrieverRest = TimeSpan.FromMilliseconds(500);

    /// <summary>A mailbox that no POP3 client deletes from, so that what came stays.</summary>
    private const int ProbeMailbox = Load.Mailboxes;

    private readonly LocalCluster cluster;
    private readonly ITestOutputHelper output;
    private readonly Load load;
    private readonly Sender probes;
    private readonly EdgeSessions sessions = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Lock said = new();

    private ChaosRun(LocalCluster cluster, ITestOutputHelper output, bool readers)
    {
        (this.cluster, this.output) = (cluster, output);
        load = new(imap: readers, pop3: readers);
        probes = new(Load.Mailboxes, load.Ledger, seed: 0);
        Hurry(false);
        foreach (var changer in load.Changers)
        {
            changer.Rest = ChangerRest;
        }
    }

    /// <param name="offset">The cluster's port offset.</param>
    /// <param name="output">Where what happens is told.</param>
    /// <param name="readers">With clients of IMAP and POP3 that change mailboxes.</param>
    /// <param name="broken">A service whose processes are those of FaultyServer, and their fault.</param>
    /// <param name="more">Settings of all services, as environment.</param>
    public static async Task<ChaosRun> StartAsync(int offset, ITestOutputHelper output, bool readers, (string Service, string Fault)? broken = null, IReadOnlyDictionary<string, string>? more = null)
    {
        var settings = LocalCluster.NoRateLimits.Concat(more ?? new Dictionary<string, string>()).ToDictionary();
        if (broken is (var service, var fault))
        {
            settings[$"MAILCLOUD_PROGRAM_{service}"] = ServerProcess.BuiltPath("tests/FaultyServer");
            (settings["Service"], settings["Fault"]) = (service, fault);
        }

        var kept = Environment.GetEnvironmentVariable("MAILCLOUD_CHAOS_DATA");
        var data = kept is null ? null : Directory.CreateDirectory(Path.Combine(kept, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HHmmss}-{broken?.Fault ?? "sound"}"))).FullName;
        var run = new ChaosRun(await LocalCluster.StartAsync(offset, data, settings), output, readers);
        try
        {
            await Accounts.ImportAsync(run.cluster, Load.Accounts);
            run.Say("the cluster is ready");
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public LocalCluster Cluster => cluster;

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    /// <summary>Has a client of another kind at an edge, one session after the other until told to stop, whose ends are counted with those of the others.</summary>
    /// <param name="service">The kind of edge, such as <c>smtp-ingress</c>.</param>
    /// <param name="edge">1 or 2: where it begins.</param>
    /// <param name="session">One session at an edge.</param>
    /// <param name="stop">When there shall be no more.</param>
    public Task KeepAsync(string service, int edge, Func<int, Task> session, CancellationToken stop) => sessions.KeepAsync(service, edge, session, stop);

    /// <summary>Runs events while the clients are at work, which at its end finish what they are at, within the given time.</summary>
    public async Task UnderLoadAsync(Func<Task> events, TimeSpan patience)
    {
        using var stop = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        Task[] clients =
        [
            .. load.Senders.Select((s, i) => sessions.KeepAsync("smtp-ingress", 1 + (i % 2), edge => s.SessionAsync(cluster.Smtp(edge), stop.Token, abort.Token), stop.Token)),
            .. load.Changers.Select((c, i) => sessions.KeepAsync("mailbox-access", 1 + (i % 2), edge => ChangeAsync(c, edge, stop.Token, abort.Token), stop.Token)),
            .. load.Retrievers.Select((r, i) => sessions.KeepAsync("mailbox-access", 1 + (i % 2), edge => RetrieveAsync(r, edge, stop.Token, abort.Token), stop.Token)),
            .. Enumerable.Range(1, Load.Mailboxes).Select(m => sessions.KeepAsync("mailbox-access", 1 + (m % 2), edge => IdleAsync(m, edge, stop.Token), stop.Token)),
        ];
        try
        {
            await events();
        }
        finally
        {
            await stop.CancelAsync();
            abort.CancelAfter(patience);
            await Task.WhenAll(clients);
        }
    }

    /// <summary>With load at full speed, or at the measure that leaves room.</summary>
    public void Hurry(bool hurry)
    {
        foreach (var sender in load.Senders)
        {
            sender.Rest = hurry ? TimeSpan.Zero : SenderRest;
        }
    }

    /// <summary>An event, and then everything works again: each service is ready, each mailbox takes a write, and mail comes from each SMTP edge to a mailbox.</summary>
    public async Task DisturbAsync(string what, Func<CancellationToken, Task> disturb)
    {
        using var limit = new CancellationTokenSource(EventLimit);
        _ = LongestWait();
        var began = clock.Elapsed;
        var step = "the event itself";
        try
        {
            await disturb(limit.Token);
            limit.CancelAfter(RecoveryLimit);
            step = "services that are ready";
            await Task.WhenAll(Services.Select(service => cluster.ReadyAsync(service, limit.Token)));
            step = "writes to all mailboxes";
            await WriteEverywhereAsync(limit.Token);
            step = "mail from both edges";
            await DeliverAsync(1, limit.Token);
            await DeliverAsync(2, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"{what}: it waited too long for {step}; {Ends()}");
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"{what}: recovered after {(clock.Elapsed - began).TotalSeconds:0.0} s; the longest answer to a change took {LongestWait().TotalSeconds:0.0} s; ")
            + $"{load.Ledger.Accepted} messages accepted, {sessions.Dropped.Count} sessions dropped so far");
    }

    /// <summary>SIGKILL. Returns when another process has been started in its place.</summary>
    public Task KillAsync(string name, CancellationToken stop) => sessions.WithoutAsync(name, () => EndAsync(name, PosixSignalNumber.Kill, stop));

    /// <summary>SIGTERM, as a backing service is stopped. Returns when another process has been started in its place.</summary>
    public Task RestartAsync(string name, CancellationToken stop) => EndAsync(name, PosixSignalNumber.Terminate, stop);

    /// <summary>SIGTERM. Returns when another build's process is ready in its place.</summary>
    public Task UpgradeAsync(string name, IReadOnlyDictionary<string, string> programs) => sessions.WithoutAsync(name, () => cluster.UpgradeAsync(name, programs));

    /// <summary>A worker is killed, again and again, each time with mail that has just come.</summary>
    public async Task KillWorkersAsync(int times, CancellationToken stop)
    {
        Hurry(true);
        for (var i = 0; i < times; i++)
        {
            var worker = $"local-delivery-{1 + (i % 2)}";
            await cluster.ReadyAsync(worker, stop);
            await AcceptedAsync(10, stop);
            await KillAsync(worker, stop);
        }

        Hurry(false);
    }

    /// <summary>
    /// Stops a worker, which then hears nothing of what it has asked the mailboxes for, lets them do that, and kills it: between filing and acknowledgement.
    /// </summary>
    public async Task KillAfterFilingAsync(string worker, CancellationToken stop)
    {
        await cluster.ReadyAsync(worker, stop);
        Hurry(true);
        await AcceptedAsync(30, stop);
        cluster.Signal(worker, PosixSignalNumber.Stop);
        Hurry(false);
        await WriteEverywhereAsync(stop);
        await KillAsync(worker, stop);
    }

    /// <summary>A silo stops, with writes under way, until each of its grains has another activation, as the writes to all mailboxes show, and for the given time at least. Then it goes on, learns that it was declared dead, and ends.</summary>
    public async Task SplitAsync(string silo, TimeSpan atLeast, CancellationToken stop)
    {
        Hurry(true);
        await AcceptedAsync(30, stop);
        var stopped = clock.Elapsed;
        var process = cluster.Signal(silo, PosixSignalNumber.Stop);
        Hurry(false);
        TimeSpan continued;
        try
        {
            await WriteEverywhereAsync(stop);
            await Task.Delay(TimeSpan.FromTicks(Math.Max(0, (stopped + atLeast - clock.Elapsed).Ticks)), stop);
        }
        finally
        {
            continued = clock.Elapsed;
            cluster.Signal(silo, PosixSignalNumber.Continue);
        }

        var code = await cluster.EndedAsync(silo, process, stop);
        Say(string.Create(CultureInfo.InvariantCulture, $"{silo} was stopped for {(continued - stopped).TotalSeconds:0.0} s, went on, and ended {(clock.Elapsed - continued).TotalSeconds:0.0} s later with {code}"));
    }

    /// <summary>Redis is away for a time, in which a silo is killed.</summary>
    public async Task WithoutRedisAsync(string silo, TimeSpan away, CancellationToken stop)
    {
        await cluster.HoldDownAsync("redis", PosixSignalNumber.Terminate, stop);
        cluster.Signal(silo, PosixSignalNumber.Kill);
        await Task.Delay(away, stop);
        cluster.LetStart("redis");
    }

    /// <summary>Redis loses all that it has. Each silo finds itself outside and ends, and in the end they are one cluster.</summary>
    public async Task EmptyRedisAsync(CancellationToken stop)
    {
        var before = Silos.Select(silo => (Name: silo, Process: cluster.ProcessId(silo))).ToArray();
        var emptied = clock.Elapsed;
        await MembershipTable.EmptyAsync(cluster.Redis);
        await Task.WhenAll(before.Select(silo => cluster.EndedAsync(silo.Name, silo.Process, stop)));
        IReadOnlyList<string> active;
        while ((active = await MembershipTable.ActiveSilosAsync(cluster.Redis)).Count != Silos.Length)
        {
            await Task.Delay(LookEvery, stop);
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"one cluster {(clock.Elapsed - emptied).TotalSeconds:0.0} s after Redis was emptied: {string.Join(", ", active)}"));
    }

    /// <summary>Compares, without load, what was promised with what is there.</summary>
    /// <param name="patience">The time for mail that waits, and for each mailbox to answer.</param>
    public async Task<ChaosCounts> CountAsync(TimeSpan patience)
    {
        var drained = await TryAsync("mail that waits", (_, stop) => DrainedAsync(stop), patience);
        var mailboxes = new ConcurrentDictionary<int, IReadOnlyList<string>>();
        var read = await Task.WhenAll(Enumerable.Range(1, Load.Mailboxes).Select(m => TryAsync(
            Load.Address(m), async (edge, stop) => mailboxes[m] = await load.CheckUidsAsync(cluster.Imap(edge), m, stop), patience)));
        Task<bool>[] comparing =
        [
            .. load.Changers.Select(c => TryAsync($"changes of {c.User}", (edge, stop) => CheckAsync(c, edge, stop), patience)),
            .. load.Retrievers.Select(r => TryAsync($"maildrop of {r.User}", (edge, stop) => CheckAsync(r, edge, stop), patience)),
        ];
        var compared = await Task.WhenAll(comparing);
        var parked = await Upkeep.ParkedAsync(cluster);
        var counts = new ChaosCounts(load.Count(mailboxes))
        {
            Sessions = sessions.Opened,
            SessionsLostWithEdge = sessions.Lost,
            SessionsGivenUp = sessions.GivenUp.Count,
            SessionsDropped = sessions.Dropped.Count,
            Parked = parked.Count,
            NotDrained = drained ? 0 : 1,
            Unreadable = read.Concat(compared).Count(done => !done),
        };
        foreach (var violation in load.Violations.Concat(sessions.Dropped.Select(d => $"dropped: {d}")).Concat(sessions.GivenUp.Select(g => $"given up: {g}")).Concat(parked.Select(p => $"parked: {p}")))
        {
            output.WriteLine(violation);
        }

        Say(counts.ToString());
        output.WriteLine(Ends());
        return counts;
    }

    /// <summary>After a sweep without a grace, verification finds nothing wrong. Without load.</summary>
    public async Task<string> SweepAndVerifyAsync()
    {
        await Upkeep.SweepAsync(cluster);
        var wrong = await Upkeep.VerifyAsync(cluster);
        Say($"verification: {(wrong.Length == 0 ? "clean" : wrong)}");
        return wrong;
    }

    private async Task ChangeAsync(ImapChanger changer, int edge, CancellationToken stop, CancellationToken abort)
    {
        await CheckAsync(changer, edge, stop);
        await changer.SessionAsync(cluster.Imap(edge), stop, abort);
    }

    private async Task RetrieveAsync(Pop3Retriever retriever, int edge, CancellationToken stop, CancellationToken abort)
    {
        await ResolveAsync(retriever.IsInDoubt, retriever.User, edge, stop);
        await retriever.SessionAsync(cluster.Pop3(edge), stop, abort);
        await Task.Delay(RetrieverRest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task IdleAsync(int mailbox, int edge, CancellationToken stop)
    {
        using var wire = await ImapWire.OpenAsync(cluster.Imap(edge), Load.Address(mailbox), Load.Password, stop);
        await wire.IdleAsync(stop);
    }

    private async Task CheckAsync(ImapChanger changer, int edge, CancellationToken stop)
    {
        await ResolveAsync(changer.IsInDoubt, changer.User, edge, stop);
        await changer.CheckAsync(cluster.Imap(edge), stop);
    }

    private async Task CheckAsync(Pop3Retriever retriever, int edge, CancellationToken stop)
    {
        await ResolveAsync(retriever.IsInDoubt, retriever.User, edge, stop);
        await retriever.CheckAsync(cluster.Pop3(edge), stop);
    }

    /// <summary>
    /// What was not answered may yet happen: a silo that was stopped, or whose write is on its way, may write for as long as nobody else has written to that mailbox. So somebody does, before anybody looks.
    /// </summary>
    private Task ResolveAsync(bool isInDoubt, string user, int edge, CancellationToken stop) => isInDoubt ? WriteAsync(user, edge, stop) : Task.CompletedTask;

    private Task WriteEverywhereAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(1, Load.Mailboxes).Select(m => WriteAsync(Load.Address(m), 1 + (m % 2), stop)));

    /// <summary>Returns when the mailbox has taken a message, in a folder where nobody looks.</summary>
    private Task WriteAsync(string user, int edge, CancellationToken stop) => UntilAsync(
        async () =>
        {
            using var wire = await ImapWire.OpenAsync(cluster.Imap(edge), user, Load.Password, stop);
            var answer = await wire.SendAsync($"APPEND Trash {ImapWire.Literal("Subject: probe\r\n\r\n\r\n")}", stop);
            return answer.Ok;
        },
        stop);

    /// <summary>Returns when a message that came to an SMTP edge is in its mailbox.</summary>
    private async Task DeliverAsync(int edge, CancellationToken stop)
    {
        string? id = null;
        await UntilAsync(async () => (id = await probes.SendOneAsync(cluster.Smtp(edge), ProbeMailbox, stop)) is not null, stop);
        await UntilAsync(async () => (await load.CheckUidsAsync(cluster.Imap(edge), ProbeMailbox, stop)).Contains(id), stop);
    }

    private async Task EndAsync(string name, PosixSignalNumber signal, CancellationToken stop) => await cluster.EndedAsync(name, cluster.Signal(name, signal), stop);

    /// <summary>Returns when so many more messages have been accepted.</summary>
    private async Task AcceptedAsync(int more, CancellationToken stop)
    {
        for (var before = load.Ledger.Accepted; load.Ledger.Accepted < before + more;)
        {
            await Task.Delay(LookEvery / 10, stop);
        }
    }

    private async Task DrainedAsync(CancellationToken stop)
    {
        // In this order: what leaves the queue for the spool is there before.
        while (await Upkeep.QueueDepthAsync(cluster) > 0 || !await Upkeep.IsSpoolEmptyAsync(cluster))
        {
            await Task.Delay(LookEvery, stop);
        }
    }

    /// <summary>Tries until it succeeds, whatever is said meanwhile: something is on its way up.</summary>
    private static async Task UntilAsync(Func<Task<bool>> attempt, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                if (await attempt())
                {
                    return;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(LookEvery, stop);
        }
    }

    /// <summary>Tries, at one edge and the other, until it succeeds; false when it has not in the time for it.</summary>
    private async Task<bool> TryAsync(string what, Func<int, CancellationToken, Task> attempt, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        for (var edge = 1; ; edge = 3 - edge)
        {
            try
            {
                await attempt(edge, limit.Token);
                return true;
            }
            catch (Exception e) when (limit.IsCancellationRequested)
            {
                Say($"{what}: not within {patience}: {e.Message}");
                return false;
            }
            catch (Exception)
            {
                await Task.Delay(LookEvery, CancellationToken.None);
            }
        }
    }

    private TimeSpan LongestWait() => load.Changers.Select(c => c.TakeLongestWait()).DefaultIfEmpty().Max();

    /// <summary>Which processes have ended in the whole run.</summary>
    private string Ends() => $"what has ended:\n{File.ReadAllText(Path.Combine(cluster.Data, "log", "supervisor.log"))}";

    /// <summary>Tells it in the test's output and, as it happens, beside the logs of the services.</summary>
    private void Say(string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {clock.Elapsed.TotalSeconds,6:0.0} s  {what}");
        lock (said)
        {
            output.WriteLine(line);
            File.AppendAllText(Path.Combine(cluster.Data, "log", "chaos.log"), line + "\n");
        }
    }
}
