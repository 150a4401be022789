using System.Net;
using System.Text;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.Oidc;
using MailCloud.Queue;
using MailCloud.SmtpIngress.Policy;
using MailCloud.Standing;
using MailCloud.Submission;
using MailCloud.Testing;
using MailCloud.Tracing;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>The handler with options, clock and storage of a test's own, over pipes: connections come from any address.</summary>
internal sealed class PipedServer
{
    /// <summary>How long a transaction waits for grains.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly SmtpConnectionHandler handler;

    public PipedServer(IServiceProvider services, SmtpOptions options, IMessageBlobs? blobs = null, IMailQueue? queue = null)
    {
        var (grains, calls) = (services.GetRequiredService<IGrainFactory>(), new GrainCalls(Patience, Time, CancellationToken.None));
        handler = new(new SmtpServices(
            Options.Create(options with { HostName = "mail.example" }),
            Options.Create(new SendingOptions()),
            blobs ?? services.GetRequiredService<IMessageBlobs>(),
            queue ?? services.GetRequiredService<IMailQueue>(),
            grains,
            calls,
            new(services.GetRequiredService<AccountSessions>(), grains, calls, Time),
            services.GetRequiredService<SaslMechanisms>(),
            services.GetRequiredService<AccountTokens>(),
            services.GetRequiredService<LoginHistory>(),
            services.GetRequiredService<CertificateStore>(),
            services.GetRequiredService<MessageTracer>(),
            Time,
            NullLogger<SmtpSession>.Instance));
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>Runs a transcript by line, from an address; returns when the session is over.</summary>
    public async Task RunAsync(string address, params string[] lines)
    {
        var connection = new PipedConnection();
        var serving = ServeAsync(connection, address, Listener.Mx);
        await TranscriptRunner.RunAsync(connection.Client, connection.FinishSending, Transcript.Parse(lines), Chunking.ByLine);
        await serving;
    }

    /// <param name="stopping">When it ends the server wants to stop.</param>
    public PipedClient Connect(string address, Listener listener = Listener.Mx, CancellationToken stopping = default)
    {
        var connection = new PipedConnection();
        return new(connection, ServeAsync(connection, address, listener, new(stopping)));
    }

    /// <summary>A connection that has heard the greeting and said EHLO.</summary>
    public async Task<PipedClient> GreetAsync(string address, Listener listener = Listener.Mx, CancellationToken stopping = default)
    {
        var client = Connect(address, listener, stopping);
        await client.ReadReplyAsync();
        await client.SayAsync("EHLO c.example");
        return client;
    }

    /// <summary>The reply that comes when time passes and the client does what it does meanwhile.</summary>
    public async Task<string> PassTimeAsync(PipedClient client, TimeSpan step, Func<Task> meanwhile)
    {
        var reply = client.ReadReplyAsync();
        while (!reply.IsCompleted)
        {
            await meanwhile();
            Time.Advance(step);
            await Task.Yield();
        }

        return await reply;
    }

    private async Task ServeAsync(PipedConnection connection, string address, Listener listener, Stopping? stopping = null)
    {
        await Task.Yield();
        await using var context = new DefaultConnectionContext("piped")
        {
            Transport = connection.Server,
            RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40_000),
        };
        context.Features.Set<IConnectionLifetimeNotificationFeature>(stopping);
        await handler.RunAsync(context, listener);
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
    private readonly StreamReader reader = new(connection.Client, Encoding.UTF8);

    /// <summary>The last line of the next reply; <c>(closed)</c> when the server has gone.</summary>
    public async Task<string> ReadReplyAsync()
    {
        while (true)
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
            if (line is null || line.Length < 4 || line[3] != '-')
            {
                return line ?? "(closed)";
            }
        }
    }

    public async Task SendAsync(string text) => await connection.Client.WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task<string> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReadReplyAsync();
    }

    /// <summary>Ends the client's side and waits for the session to be over.</summary>
    public async Task LeaveAsync()
    {
        connection.FinishSending();
        await serving;
    }

    public void Dispose() => reader.Dispose();
}
