using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>The one server that all attacks hit in turn, with a bystander on it all the time.</summary>
public sealed class HostileServer : IAsyncLifetime, IDisposable
{
    /// <summary>Descriptors that a server may keep after an attack: open files of its store, and sockets that end only now.</summary>
    private const int KeptDescriptors = 20;

    // Connections of an attack in the long form, for one in the ordinary run. Both ends are processes with 20,000 descriptors at most.
    private static readonly int Scale = int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_HOSTILE_SCALE") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(Scale == 1 ? 2 : 20);

    private readonly string data = ServerProcess.NewDataDirectory();
    private ServerProcess server = null!;
    private Target target = null!;

    public async Task InitializeAsync()
    {
        server = await ServerProcess.StartAsync(data, offset: 23900, arguments: Attacks.ShortPatience);
        target = new(data, server.Offset, server.ProcessId);

        // What is compiled and pooled once is no attack's.
        using var bystander = await Bystander.BeginAsync(target, CancellationToken.None);
        await bystander.NewcomersAsync(CancellationToken.None);
        await ServeAsync(bystander, Task.CompletedTask, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    public void Dispose() => target?.Dispose();

    /// <summary>
    /// Lets the attack run: it must come to its documented ends, the bystander must get right answers during it and newcomers after it, the process lives and has logged no
    /// error, its memory stayed below what it had before and the attack's bound, and its descriptors come back.
    /// </summary>
    internal async Task EnduresAsync(Attack attack, ITestOutputHelper output)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var bystander = await Bystander.BeginAsync(target, limit.Token);
        var size = attack.Size * Scale;
        var (memory, descriptors, cpu, logged) = (target.Process.Memory, target.Process.Descriptors, target.Process.CpuSeconds, server.Output.Length);
        target.Process.ForgetPeak();

        var attacking = attack.RunAsync(target, size, limit.Token);
        var served = await ServeAsync(bystander, attacking, limit.Token);
        await attacking;
        await bystander.NewcomersAsync(limit.Token);
        await ServeAsync(bystander, Task.CompletedTask, limit.Token);

        Assert.True(target.Process.IsAlive);
        var grown = target.Process.PeakMemory - memory;
        output.WriteLine(
            $"{attack.Name}: {size}; memory {memory >> 20} MB + {grown >> 20} MB (bound {attack.Bound(size) >> 20} MB), {target.Process.CpuSeconds - cpu:F1} s of CPU, {served} answers to the bystander");
        Assert.True(grown <= attack.Bound(size), $"{attack.Name}: memory grew by {grown >> 20} MB, and its bound is {attack.Bound(size) >> 20} MB");
        await DescriptorsComeBackAsync(attack, descriptors, limit.Token);
        var error = server.Output[logged..].Split('\n').FirstOrDefault(line => line.Contains("Z fail: ", StringComparison.Ordinal) || line.Contains("Z crit: ", StringComparison.Ordinal));
        Assert.True(error is null, $"{attack.Name}: the server logged {error}");
    }

    /// <summary>Uses both sessions until the attack is over, and at least once; returns how often.</summary>
    private static async Task<int> ServeAsync(Bystander bystander, Task attacking, CancellationToken cancellationToken)
    {
        var served = await Task.WhenAll(
            RepeatAsync(attacking, async () =>
            {
                await bystander.NoopAsync(cancellationToken);
                await bystander.FetchAsync(cancellationToken);
            }),
            RepeatAsync(attacking, () => bystander.SendAsync(cancellationToken)));
        return served.Sum();
    }

    private static async Task<int> RepeatAsync(Task attacking, Func<Task> use)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var times = 1; ; times++)
        {
            await use();
            if (attacking.IsCompleted)
            {
                return times;
            }

            await pace.WaitForNextTickAsync();
        }
    }

    private async Task DescriptorsComeBackAsync(Attack attack, int before, CancellationToken cancellationToken)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (target.Process.Descriptors > before + KeptDescriptors)
        {
            Assert.False(cancellationToken.IsCancellationRequested, $"{attack.Name}: {target.Process.Descriptors} descriptors are open, {before} were before");
            await again.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HostileCollection : ICollectionFixture<HostileServer>
{
    public const string Name = "hostile";
}
