using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;

namespace MailCloud.Wire.Tests;

public sealed class BoundedEndTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_peer_that_takes_nothing_is_cut_off_after_the_session()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await ListenAsync(closed, WriteUntilNothingIsTakenAsync, out var port);
        using var client = await ConnectAsync(port);
        await closed.Task.WaitAsync(Long);
    }

    [Fact]
    public async Task A_peer_that_takes_its_time_gets_all_of_it()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await ListenAsync(closed, async connection => await connection.Transport.Output.WriteAsync(new byte[50_000]), out var port);
        using var client = await ConnectAsync(port);
        var octets = new byte[50_000];
        await new NetworkStream(client).ReadExactlyAsync(octets).AsTask().WaitAsync(Long);
        Assert.Equal(0, await client.ReceiveAsync(octets));
        await closed.Task.WaitAsync(Long);
    }

    private static async Task WriteUntilNothingIsTakenAsync(ConnectionContext connection)
    {
        ValueTask<System.IO.Pipelines.FlushResult> flush;
        do
        {
            flush = connection.Transport.Output.WriteAsync(new byte[10_000]);
        }
        while (flush.IsCompletedSuccessfully || await Task.WhenAny(flush.AsTask(), Task.Delay(500)) is Task<System.IO.Pipelines.FlushResult>);
    }

    private static Task<WebApplication> ListenAsync(TaskCompletionSource closed, ConnectionDelegate session, out int port)
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var chosen = port;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, chosen, listen => listen.Run(async connection =>
        {
            using var registration = connection.ConnectionClosed.Register(() => closed.TrySetResult());
            await BoundedEnd.RunAsync(session, connection, TimeSpan.FromSeconds(1));
            await closed.Task;
        })));
        var app = builder.Build();
        return StartedAsync(app);
    }

    private static async Task<WebApplication> StartedAsync(WebApplication app)
    {
        await app.StartAsync();
        return app;
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return client;
    }
}
