using System.Diagnostics;
using System.Globalization;
using MailCloud.Benchmarks.Servers;
using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Benchmarks.RelayLimits;

/// <summary>
/// Several relays of a cluster before a host with limits: two clients that do nothing else show what the host permits; then one tenant has many messages for it, and another now and then one.
/// </summary>
internal sealed class RelayLimitsBenchmark(RelayLimitsOptions options)
{
    private const int Connections = 2;
    private const int MessagesPerConnection = 100;
    private const string Destination = "limited.test";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <returns>The exit code: 1 when the relays went beyond the host's limits, so that none of the figures counts.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var figures = new Figures("relay-limits");
        await using var sink = LimitedSink.Start(new(Connections, MessagesPerConnection, options.Takes));
        var permitted = await PermittedAsync(sink, cancellationToken);
        figures.Add("two clients", "messages/s", permitted, "F1");

        var name = string.Create(CultureInfo.InvariantCulture, $"{options.Relays} relays");
        Configure(sink.Port);
        await using var cluster = await ClusterServer.StartAsync(FreshFolder(), options.PortOffset, silos: 2, cancellationToken);
        for (var relay = 2; relay <= options.Relays; relay++)
        {
            await cluster.AddAsync("outbound-relay", cancellationToken);
        }

        Add(figures, name, "alone", await SinglesAsync(sink, "alone", cancellationToken));
        using var client = Client();
        await client.StartAsync(cancellationToken);
        var queueing = Stopwatch.GetTimestamp();
        var sendable = permitted * (options.Load + WarmUp + TimeSpan.FromSeconds(2 * options.Singles) + Patience).TotalSeconds;
        await new Backlog(client, Destination).QueueAsync(options.Backlog, Math.Min(options.Backlog, (int)sendable), cancellationToken);
        Console.Error.WriteLine($"  {options.Backlog} messages queued in {Stopwatch.GetElapsedTime(queueing).TotalSeconds:F0} s");

        await Task.Delay(WarmUp, cancellationToken);
        var reached = await RateAsync(sink, cancellationToken);
        figures.Add(name, "messages/s", reached, "F1");
        figures.Add(name, "of what is permitted, %", 100 * reached / permitted, "F1");
        Add(figures, name, $"behind {options.Backlog:N0}", await SinglesAsync(sink, "behind", cancellationToken));
        figures.Add(name, "violations", sink.Violations, "F0");
        figures.Add(name, "most connections", sink.MostConnections, "F0");

        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average {Machine.LoadAverage:F1}.");
        Console.WriteLine($"The host takes {Connections} connections and {MessagesPerConnection} messages on each, and is busy for {options.Takes.TotalMilliseconds:F0} ms with a message. {options.Load.TotalSeconds:F0} s measured.");
        figures.Print(Console.Out);
        return sink.Violations == 0 ? 0 : 1;
    }

    private static void Add(Figures figures, string name, string when, double[] delays)
    {
        var ascending = delays.Order().ToArray();
        figures.Add(name, $"one message {when}, ms, median", ascending[ascending.Length / 2], "F0");
        figures.Add(name, $"one message {when}, ms, longest", ascending[^1], "F0");
    }

    /// <summary>The cluster's processes have this process' environment.</summary>
    private static void Configure(int port)
    {
        foreach (var (name, value) in new[]
        {
            ("Routes__0__Destination", Destination), ("Routes__0__Host", "[127.0.0.1]"), ("Routes__0__Port", port.ToString(CultureInfo.InvariantCulture)),
            ("Limits__Connections", $"{Connections}"), ("Limits__MessagesPerConnection", $"{MessagesPerConnection}"),
        })
        {
            Environment.SetEnvironmentVariable($"Relay__{name}", value);
        }
    }

    private async Task<double> PermittedAsync(LimitedSink sink, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clients = Enumerable.Range(0, Connections).Select(_ => SendAllAsync(sink.Port, end.Token)).ToArray();
        var rate = await RateAsync(sink, cancellationToken);
        await end.CancelAsync();
        await Task.WhenAll(clients);
        return rate;
    }

    private static async Task SendAllAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await using var dialog = await SmtpDialog.OpenAsync(port, cancellationToken);
                for (var i = 0; i < MessagesPerConnection; i++)
                {
                    await dialog.SendAsync("a@load.example", $"b@{Destination}", "Subject: bare\r\n\r\nhello", cancellationToken);
                }

                await dialog.QuitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the measurement.
        }
    }

    /// <summary>Messages a second from now on.</summary>
    private async Task<double> RateAsync(LimitedSink sink, CancellationToken cancellationToken)
    {
        var (before, start) = (sink.Messages.Count, Stopwatch.GetTimestamp());
        await Task.Delay(options.Load, cancellationToken);
        return (sink.Messages.Count - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>From 250 to the end of the message at the host, ms.</summary>
    private async Task<double[]> SinglesAsync(LimitedSink sink, string name, CancellationToken cancellationToken)
    {
        var delays = new List<double>();
        await using var alice = await SmtpDialog.OpenAsync(2587 + options.PortOffset, cancellationToken);
        await alice.LogInAsync("alice@example.test", "mailcloud", cancellationToken);
        for (var i = 0; i < options.Singles; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{name}.{i}@example.test");
            await alice.SendAsync("alice@example.test", $"bob@{Destination}", $"From: alice@example.test\r\nMessage-ID: <{id}>\r\nSubject: one\r\n\r\nhello", cancellationToken);
            var accepted = Stopwatch.GetTimestamp();
            delays.Add(Stopwatch.GetElapsedTime(accepted, await ArrivedAsync(sink, id, cancellationToken)).TotalMilliseconds);
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }

        return [.. delays];
    }

    private static async Task<long> ArrivedAsync(LimitedSink sink, string id, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (sink.Messages.FirstOrDefault(message => message.Id == id) is { At: > 0 } found)
            {
                return found.At;
            }

            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new UnexpectedAnswerException($"{id} has not arrived after {Patience}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
    }

    private IHost Client()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([
            new("Cluster:Redis", $"127.0.0.1:{6379 + options.PortOffset}"),
            new("AzureStorage:ConnectionString", "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
                + $"BlobEndpoint=http://127.0.0.1:{10000 + options.PortOffset}/devstoreaccount1;"),
        ]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddAzureBlobs(builder.Configuration);
        builder.AddClusterClient();
        return builder.Build();
    }

    private string FreshFolder()
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        return Directory.CreateDirectory(Path.Combine(options.Data, "cluster")).FullName;
    }
}
