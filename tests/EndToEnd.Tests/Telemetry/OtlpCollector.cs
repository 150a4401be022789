using System.Buffers.Binary;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>A collector that processes send spans and logs to: OTLP over gRPC, as the protocol's .proto files number their fields.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    /// <summary>gRPC's frame: whether it is compressed, and the length of the message.</summary>
    private const int FrameHeader = 5;

    private readonly WebApplication app;
    private readonly Lock gate = new();
    private readonly List<ReceivedSpan> spans = [];
    private readonly List<ReceivedLog> logs = [];
    private TaskCompletionSource came = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OtlpCollector(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single();

    public IReadOnlyList<ReceivedSpan> Spans
    {
        get
        {
            lock (gate)
            {
                return [.. spans];
            }
        }
    }

    public IReadOnlyList<ReceivedLog> Logs
    {
        get
        {
            lock (gate)
            {
                return [.. logs];
            }
        }
    }

    /// <summary>What processes need to be told, as environment: all of it is traced, and sent soon.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["Hosting__Otlp"] = Url,
        ["Hosting__TraceShare"] = "1",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
    };

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRouting();
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync();
        return collector;
    }

    /// <summary>Returns when what has come is enough; fails after a minute, and says what has come.</summary>
    public async Task UntilAsync(Func<bool> isEnough, Func<string> whatCame)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var next = Volatile.Read(ref came).Task;
            if (isEnough())
            {
                return;
            }

            await next.WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.False(limit.IsCancellationRequested, whatCame());
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var frame = body.ToArray();
        Assert.Equal(0, frame[0]);
        Assert.Equal(frame.Length - FrameHeader, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)));
        Take(context.Request.Path, new(frame.AsMemory(FrameHeader)));

        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[FrameHeader]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private void Take(string path, ProtobufMessage request)
    {
        lock (gate)
        {
            foreach (var resource in request.Messages(1))
            {
                var service = AttributesOf(resource.Message(1)!, 1).GetValueOrDefault("service.name", "");
                var items = resource.Messages(2).SelectMany(scope => scope.Messages(2));
                switch (path.Split('/')[1])
                {
                    case "opentelemetry.proto.collector.trace.v1.TraceService":
                        spans.AddRange(items.Select(span => ReceivedSpan.Of(service, span)));
                        break;
                    case "opentelemetry.proto.collector.logs.v1.LogsService":
                        logs.AddRange(items.Select(log => ReceivedLog.Of(service, log)));
                        break;
                }
            }
        }

        Interlocked.Exchange(ref came, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>A list of KeyValue as texts, numbers among them.</summary>
    internal static Dictionary<string, string> AttributesOf(ProtobufMessage message, int number)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var pair in message.Messages(number))
        {
            var value = pair.Message(2);
            attributes[pair.Text(1)] = value is null ? "" : value.Text(1) is { Length: > 0 } text ? text : $"{value.Number(3)}";
        }

        return attributes;
    }
}

/// <param name="Service">Its process's service.name.</param>
/// <param name="Parent">Empty: it began the trace.</param>
/// <param name="Links">Traces that it is linked to.</param>
internal sealed record ReceivedSpan(
    string Service, string Name, string Trace, string Id, string Parent, ulong Start, ulong End, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Links)
{
    public static ReceivedSpan Of(string service, ProtobufMessage span) => new(
        service, span.Text(5), span.Hex(1), span.Hex(2), span.Hex(4), span.Number(7), span.Number(8), OtlpCollector.AttributesOf(span, 9), [.. span.Messages(13).Select(link => link.Hex(1))]);
}

internal sealed record ReceivedLog(string Service, string Body, string Trace, IReadOnlyDictionary<string, string> Attributes)
{
    public static ReceivedLog Of(string service, ProtobufMessage log) => new(service, log.Message(5)?.Text(1) ?? "", log.Hex(9), OtlpCollector.AttributesOf(log, 6));
}
