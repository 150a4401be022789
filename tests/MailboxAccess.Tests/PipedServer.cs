using System.Net;
using System.Text;
using MailCloud.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>A protocol's handler with options, clock and other parts of a test's own, over pipes: connections come from any address.</summary>
internal abstract class PipedServer<THandler>
    where THandler : SessionHandler
{
    private readonly THandler handler;

    /// <param name="options">The protocol's <c>IOptions</c>.</param>
    protected PipedServer(IServiceProvider services, object options, object[] parts) =>
        handler = ActivatorUtilities.CreateInstance<THandler>(services, [options, Time, .. parts]);

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    /// <param name="address">The client's.</param>
    /// <param name="stopping">When it ends the server wants to stop.</param>
    public PipedClient Connect(string address = "127.0.0.1", CancellationToken stopping = default)
    {
        var connection = new PipedConnection();
        return new(connection, ServeAsync(connection, address, new(stopping)));
    }

    /// <summary>The next line, while time passes in steps.</summary>
    public async Task<string> PassTimeAsync(PipedClient client, TimeSpan step)
    {
        var line = client.ReadLineAsync();
        while (!line.IsCompleted)
        {
            Time.Advance(step);
            await Task.Yield();
        }

        return await line;
    }

    private async Task ServeAsync(PipedConnection connection, string address, Stopping stopping)
    {
        await Task.Yield();
        await using var context = new DefaultConnectionContext("piped")
        {
            Transport = connection.Server,
            RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40_000),
        };
        context.Features.Set<IConnectionLifetimeNotificationFeature>(stopping);
        await handler.ServeAsync(context, implicitTls: false);
        connection.Close();
    }

    private sealed class Stopping(CancellationToken stopping) : IConnectionLifetimeNotificationFeature
    {
        public CancellationToken ConnectionClosedRequested { get; set; } = stopping;

        public void RequestClose() => throw new NotSupportedException();
    }
}

/// <summary>A client that says one line after the other.</summary>
internal sealed class PipedClient(PipedConnection connection, Task serving) : IDisposable
{
    public const string Closed = "(closed)";

    private readonly StreamReader reader = new(connection.Client, Encoding.UTF8);

    public async Task<string> ReadLineAsync() => await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? Closed;

    public async Task SendAsync(string text) => await connection.Client.WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Sends a line and gives the next one that is not untagged.</summary>
    public async Task<string> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        string answer;
        do
        {
            answer = await ReadLineAsync();
        }
        while (answer.StartsWith("* ", StringComparison.Ordinal) && !answer.StartsWith("* BYE", StringComparison.Ordinal));
        return answer;
    }

    /// <summary>Waits for the session to be over.</summary>
    public Task EndAsync() => serving.WaitAsync(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        connection.FinishSending();
        reader.Dispose();
    }
}
