using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// One connection, made when it is first asked for and again after each loss, with the queues declared each time. The client's own recovery is off: it would go on with consumers under new
/// delivery tags and take an ack of an entry from before the loss in silence, and the entry would come twice without anybody being told. Here a loss ends every channel: publishes fail in
/// doubt, consumers and acks throw, and all begin anew.
/// </summary>
internal sealed class RabbitMqConnection(
    string purpose, RabbitMqOptions options, RabbitMqTopology topology, RabbitMqTelemetry telemetry, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource lifetime = new();
    private Task<IConnection>? current;
    private volatile string? blockedBy;

    /// <summary>Why the broker takes nothing from this connection (its memory or disk alarm); null when it does.</summary>
    public string? BlockedBy => blockedBy;

    /// <summary>False when nobody has needed it yet.</summary>
    public bool IsUsed => current is not null;

    public bool IsOpen => current is { IsCompletedSuccessfully: true } task && task.Result.IsOpen;

    /// <summary>Why the last attempt to connect failed; null when it did not.</summary>
    public Exception? LastError { get; private set; }

    /// <summary>Waits until there is a connection; attempts go on by themselves.</summary>
    public Task<IConnection> GetAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(lifetime.IsCancellationRequested, this);
            if (current is null || (current.IsCompleted && !IsOpen))
            {
                current = Task.Run(ConnectAsync, CancellationToken.None);
            }

            return current.IsCompleted ? current : current.WaitAsync(cancellationToken);
        }
    }

    /// <exception cref="QueueUnavailableException">There was none within the time.</exception>
    public async Task<IConnection> GetAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(cancellationToken).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw Unreachable(e);
        }
    }

    public QueueUnavailableException Unreachable(Exception timeout) => new("not queued: the broker is not reached", LastError ?? timeout);

    /// <summary>Gives the connection up, so that the next one declares the queues again.</summary>
    public async Task AbandonAsync(string reason)
    {
        if (IsOpen)
        {
            RabbitMqLog.Abandoned(logger, purpose, reason);
            await CloseAsync(await current!.ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<IConnection>? last;
        lock (gate)
        {
            if (lifetime.IsCancellationRequested)
            {
                return;
            }

            lifetime.Cancel();
            last = current;
        }

        if (last is not null)
        {
            await last.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            if (last.IsCompletedSuccessfully)
            {
                await CloseAsync(last.Result).ConfigureAwait(false);
                await last.Result.DisposeAsync().ConfigureAwait(false);
            }
        }

        lifetime.Dispose();
    }

    private async Task<IConnection> ConnectAsync()
    {
        for (var delay = FirstDelay; ; delay = Min(delay * 2, options.MaxReconnectDelay))
        {
            try
            {
                return await ConnectOnceAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (!lifetime.IsCancellationRequested)
            {
                LastError = e;
                RabbitMqLog.NotConnected(logger, purpose, e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message);
            }

            // Spread, so that all the processes of a cluster do not come at once.
            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()), time, lifetime.Token).ConfigureAwait(false);
        }
    }

    private async Task<IConnection> ConnectOnceAsync()
    {
        var factory = new ConnectionFactory
        {
            UserName = options.User,
            Password = options.Password,
            VirtualHost = options.VirtualHost,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = options.Heartbeat,
            RequestedConnectionTimeout = options.PublishTimeout,
            ContinuationTimeout = options.PublishTimeout,
        };
        var connection = await factory.CreateConnectionAsync(options.Hosts.Select(EndPoint), $"{Environment.MachineName} {purpose}", lifetime.Token).ConfigureAwait(false);
        try
        {
            connection.ConnectionBlockedAsync += (_, e) => BlockedAsync(e.Reason);
            connection.ConnectionUnblockedAsync += (_, _) => BlockedAsync(null);
            connection.ConnectionShutdownAsync += (_, e) => LostAsync(e.Initiator, e.ReplyText, e.Exception);
            await topology.DeclareAsync(connection, lifetime.Token).ConfigureAwait(false);
        }
        catch
        {
            await CloseAsync(connection).ConfigureAwait(false);
            throw;
        }

        LastError = null;
        blockedBy = null;
        telemetry.Connected(purpose);
        RabbitMqLog.Connected(logger, purpose, connection.Endpoint.ToString());
        return connection;
    }

    private AmqpTcpEndpoint EndPoint(string host)
    {
        var uri = new Uri($"amqp://{host}");
        var ssl = new SslOption { Enabled = options.Tls, ServerName = uri.Host };
        return new AmqpTcpEndpoint(uri.Host, uri.Port > 0 ? uri.Port : AmqpTcpEndpoint.UseDefaultPort, ssl);
    }

    private Task BlockedAsync(string? reason)
    {
        blockedBy = reason;
        if (reason is not null)
        {
            RabbitMqLog.Blocked(logger, purpose, reason);
        }
        else
        {
            RabbitMqLog.Unblocked(logger, purpose);
        }

        return Task.CompletedTask;
    }

    private Task LostAsync(ShutdownInitiator initiator, string reason, Exception? exception)
    {
        blockedBy = null;
        if (initiator != ShutdownInitiator.Application)
        {
            RabbitMqLog.Lost(logger, purpose, reason, exception);
        }

        return Task.CompletedTask;
    }

    private static async Task CloseAsync(IConnection connection)
    {
        // Abort: it waits no longer than this and throws nothing, whatever state the connection is in.
        await connection.AbortAsync(Constants.ReplySuccess, "closed", TimeSpan.FromSeconds(2)).ConfigureAwait(false);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
