using System.Security.Cryptography.X509Certificates;
using MailCloud.EndToEnd.Tests.Survival;
using MailCloud.Testing;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>A message's way as spans of one trace, from the session that accepts it to the session that is told of it and to the next host.</summary>
[Collection(ClusterCollection.Name)]
public sealed class OneTraceTests(ITestOutputHelper output)
{
    private const string Accept = "smtp.accept";
    private const string Tell = "imap.notify";
    private const string Relay = "relay";

    [Fact]
    public async Task A_message_is_one_trace_through_all_services_of_a_cluster()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var sink = LimitedSink.Start(new());
        var settings = collector.Settings;
        foreach (var (name, value) in RouteTo(sink))
        {
            settings[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        await using var cluster = await LocalCluster.StartAsync(offset: 12_800, settings: settings);
        await SendWhileOneIdlesAsync(cluster.Data, cluster.Imap(2), cluster.Submission(1));
        var tree = await TreeAsync(collector, "smtp-ingress", "mailbox-access", "outbound-relay");

        Assert.Equal(["smtp-ingress smtp.accept", "smtp-ingress publish", "local-delivery deliver", "outbound-relay relay"], tree.PathTo(tree.Find("outbound-relay", Relay)!));
        var way = tree.PathTo(tree.Find("mailbox-access", Tell)!);
        Assert.Equal(["smtp-ingress smtp.accept", "smtp-ingress publish", "local-delivery deliver"], way.Take(3));
        Assert.Contains("mailboxes mailbox.notify", way);
        Assert.Contains(way, span => span.StartsWith("local-delivery IMailboxGrain/", StringComparison.Ordinal));
        Assert.Contains(way, span => span.StartsWith("mailboxes IMailboxGrain/", StringComparison.Ordinal));

        await LogsAreOfAsync(collector, accepted: tree.Find("smtp-ingress", Accept)!);
        Assert.Contains(await LinesAsync(cluster, "outbound-relay-1"), line => IsOf(line, tree.Find("outbound-relay", Relay)!) && line.Contains("took it", StringComparison.Ordinal));
        Assert.Contains(await LinesAsync(cluster, "smtp-ingress-1"), line => IsOf(line, tree.Find("smtp-ingress", Accept)!) && line.Contains("accepted for demo", StringComparison.Ordinal));

        var (publish, deliver) = (tree.Find("smtp-ingress", "publish")!, tree.Find("local-delivery", "deliver")!);
        Assert.Equal("rabbitmq", publish.Attributes["messaging.system"]);
        Assert.Equal("rabbitmq", deliver.Attributes["messaging.system"]);
        Assert.Equal(publish.Attributes["messaging.message.id"], deliver.Attributes["messaging.message.id"]);
    }

    [Fact]
    public async Task And_so_it_is_in_one_process()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var sink = LimitedSink.Start(new());
        var data = ServerProcess.NewDataDirectory();
        var settings = collector.Settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value)).Concat(RouteTo(sink));
        await using (var server = await ServerProcess.StartAsync(data, offset: 12_700, arguments: settings.Select(setting => $"--{setting.Key}={setting.Value}")))
        {
            await SendWhileOneIdlesAsync(server.Data, server.Imap, server.Submission);
            var tree = await TreeAsync(collector, "all-in-one", "all-in-one", "all-in-one");
            Assert.Equal(["all-in-one smtp.accept", "all-in-one deliver", "all-in-one relay"], tree.PathTo(tree.Find("all-in-one", Relay)!));
            Assert.Equal(["all-in-one smtp.accept", "all-in-one deliver"], tree.PathTo(tree.Find("all-in-one", Tell)!).Take(2));
        }

        Directory.Delete(data, recursive: true);
    }

    /// <summary>A line of the console with the message's trace and id as scopes.</summary>
    private static bool IsOf(string line, ReceivedSpan span) =>
        line.Contains($"=> TraceId:{span.Trace}", StringComparison.Ordinal) && line.Contains($"=> Delivery:{span.Attributes["mailcloud.delivery"]}, Tenant:demo", StringComparison.Ordinal);

    private static async Task<string[]> LinesAsync(LocalCluster cluster, string process) => (await cluster.LogAsync(process)).Split('\n');

    /// <summary>What names the message in its text has its trace, and its id as an attribute, in each service that says something of it.</summary>
    private static async Task LogsAreOfAsync(OtlpCollector collector, ReceivedSpan accepted)
    {
        var id = accepted.Attributes["mailcloud.delivery"];
        string[] services = ["local-delivery", "outbound-relay", "smtp-ingress"];
        await collector.UntilAsync(() => OfMessage().Select(log => log.Service).Distinct().Count() == services.Length, () => string.Join('\n', OfMessage()));
        Assert.Equal(services, OfMessage().Select(log => log.Service).Distinct().Order(StringComparer.Ordinal));
        Assert.All(OfMessage(), log =>
        {
            Assert.Equal(accepted.Trace, log.Trace);
            Assert.Equal(id, log.Attributes["Delivery"]);
        });

        IEnumerable<ReceivedLog> OfMessage() => collector.Logs.Where(log => log.Body.Contains(id, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> RouteTo(LimitedSink sink) => new()
    {
        ["Relay:Routes:0:Destination"] = "sink.test",
        ["Relay:Routes:0:Host"] = "[127.0.0.1]",
        ["Relay:Routes:0:Port"] = $"{sink.Port}",
        ["Logging:LogLevel:MailCloud.LocalDelivery"] = "Debug",
    };

    private static async Task SendWhileOneIdlesAsync(string data, int imap, int submission)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(data, "tls", "default.crt"));
        using var idle = new IdleListener();
        await idle.StartAsync(imap, "bob@example.test");
        using var client = new SmtpClient { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == own.GetCertHashString() };
        await client.ConnectAsync("127.0.0.1", submission, SecureSocketOptions.StartTls);
        await client.AuthenticateAsync("alice@example.test", "mailcloud");
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("Alice", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test"), new MailboxAddress("Carol", "carol@sink.test")], "traced",
            new TextPart("plain") { Text = "secret words" }));
        await client.DisconnectAsync(quit: true);
        while (idle.ToldAt.Count == 0)
        {
            await Task.WhenAny(idle.Running, Task.Delay(TimeSpan.FromMilliseconds(20)));
            Assert.False(idle.Running.IsFaulted);
        }

        await idle.StopAsync();
    }

    /// <summary>The trace of the one message, when its last spans have come.</summary>
    private async Task<SpanTree> TreeAsync(OtlpCollector collector, string ingress, string access, string relay)
    {
        await collector.UntilAsync(
            () => collector.Spans is var spans && spans.Any(span => span.Name == Tell) && spans.Any(span => span.Name == Relay) && spans.Any(span => span.Name == Accept),
            () => new SpanTree(collector.Spans).ToString());
        var accept = Assert.Single(collector.Spans, span => span.Service == ingress && span.Name == Accept);
        var tree = new SpanTree(collector.Spans.Where(span => span.Trace == accept.Trace));
        output.WriteLine(tree.ToString());
        Assert.NotNull(tree.Find(access, Tell));
        Assert.NotNull(tree.Find(relay, Relay));
        Assert.DoesNotContain(collector.Spans.SelectMany(span => span.Attributes.Values), value => value.Contains("secret", StringComparison.Ordinal) || value.Contains("mailcloud\n", StringComparison.Ordinal));
        return tree;
    }
}
