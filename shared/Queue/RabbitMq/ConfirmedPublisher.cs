using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// Publishes on one channel and waits for the broker's confirm, which it gives when a quorum of its nodes has the entry on disk. Callers share the channel; what is in flight is bounded. The
/// connection is not the consumers': the broker blocks one that publishes when its memory or disk runs out, and acks must still get through then.
/// </summary>
internal sealed class ConfirmedPublisher(
    RabbitMqConnection connection, RabbitMqOptions options, RabbitMqTelemetry telemetry, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim slots = new(options.MaxInFlight);
    private readonly Lock gate = new();
    private Task<PublishChannel>? current;
    private bool disposed;

    /// <summary>Returns when the entry is confirmed. It takes no token: once sent, only the broker's word ends it.</summary>
    /// <param name="queue">Where to.</param>
    /// <param name="properties">With headers.</param>
    /// <param name="body">The entry.</param>
    /// <param name="trace">The trace that it belongs to, where the caller is not within it.</param>
    /// <exception cref="QueueFullException">The broker refused it; nothing was queued.</exception>
    /// <exception cref="QueueUnavailableException">It is not queued, or that is in doubt.</exception>
    public async Task PublishAsync(string queue, BasicProperties properties, ReadOnlyMemory<byte> body, ActivityContext trace)
    {
        using var activity = QueueTrace.StartPublish(RabbitMqDelivery.BrokerSystem, queue, properties.MessageId, trace);
        if (activity is not null)
        {
            QueueTrace.Inject(activity, properties.Headers!);
        }

        var started = time.GetTimestamp();
        var result = "refused";
        try
        {
            await SendAsync(queue, properties, body, started).ConfigureAwait(false);
            result = "confirmed";
        }
        catch (Exception e) when (e is not QueueFullException)
        {
            result = "failed";
            throw;
        }
        finally
        {
            activity?.SetStatus(result == "confirmed" ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
            telemetry.Published(result, time.GetElapsedTime(started));
        }
    }

    /// <summary>After the connection is closed, with which all that is in flight ends. A repeat does nothing: a container disposes the queue once for each of its two names.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
        {
            return;
        }

        for (var i = 0; i < options.MaxInFlight; i++)
        {
            await slots.WaitAsync(options.PublishTimeout).ConfigureAwait(false);
        }

        slots.Dispose();
    }

    private async Task SendAsync(string queue, BasicProperties properties, ReadOnlyMemory<byte> body, long started)
    {
        ThrowIfBlocked();
        if (!await slots.WaitAsync(options.PublishTimeout).ConfigureAwait(false))
        {
            throw new QueueUnavailableException($"not queued: {options.MaxInFlight} entries are unconfirmed", null);
        }

        PublishChannel? channel = null;
        var sent = Task.CompletedTask;
        try
        {
            channel = await GetChannelAsync(Left(started)).ConfigureAwait(false);
            ThrowIfBlocked();

            // With the client's tracking of confirms this ends with the broker's ack, nack or return, or with the channel.
            sent = channel.Channel.BasicPublishAsync("", queue, mandatory: true, properties, body, CancellationToken.None).AsTask();
            await sent.WaitAsync(Left(started), time, channel.Closed).ConfigureAwait(false);
        }
        catch (PublishException e) when (!e.IsReturn)
        {
            throw new QueueFullException(e);
        }
        catch (PublishException e)
        {
            // Somebody deleted the queue: connecting again declares it.
            _ = connection.AbandonAsync($"{queue} does not exist");
            throw new QueueUnavailableException($"not queued: {queue} does not exist", e);
        }
        catch (Exception e) when (e is not (QueueFullException or QueueUnavailableException))
        {
            throw new QueueUnavailableException(e is TimeoutException ? $"in doubt: no confirm within {options.PublishTimeout.TotalSeconds:0.#} s" : "in doubt: the channel was lost", e);
        }
        finally
        {
            Release(sent, channel);
        }
    }

    /// <summary>An entry that its caller gave up keeps its slot until the broker answers or the channel dies, so a broker that hangs gets no more than the bound.</summary>
    private void Release(Task sent, PublishChannel? channel)
    {
        if (sent.IsCompleted || channel is null)
        {
            slots.Release();
            return;
        }

        _ = sent.WaitAsync(channel.Closed).ContinueWith(_ => slots.Release(), TaskScheduler.Default);
    }

    private void ThrowIfBlocked()
    {
        if (connection.BlockedBy is { } reason)
        {
            throw new QueueFullException(new QueueUnavailableException($"not queued: the broker takes nothing: {reason}", null));
        }
    }

    private TimeSpan Left(long started)
    {
        var left = options.PublishTimeout - time.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async ValueTask<PublishChannel> GetChannelAsync(TimeSpan timeout)
    {
        Task<PublishChannel> task;
        lock (gate)
        {
            if (current is null || (current.IsCompleted && !(current.IsCompletedSuccessfully && current.Result.Channel.IsOpen)))
            {
                current = Task.Run(OpenAsync);
            }

            task = current;
        }

        try
        {
            return task.IsCompletedSuccessfully ? task.Result : await task.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw connection.Unreachable(e);
        }
    }

    private async Task<PublishChannel> OpenAsync()
    {
        var open = await connection.GetAsync(CancellationToken.None).ConfigureAwait(false);
        return new PublishChannel(await open.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)).ConfigureAwait(false), logger);
    }

    private sealed class PublishChannel
    {
        public PublishChannel(IChannel channel, ILogger logger)
        {
            var closed = new CancellationTokenSource();
            (Channel, Closed) = (channel, closed.Token);
            Channel.ChannelShutdownAsync += async (_, e) =>
            {
                RabbitMqLog.PublishingEnded(logger, e.ReplyText);
                await closed.CancelAsync().ConfigureAwait(false);
            };
            if (!Channel.IsOpen)
            {
                closed.Cancel();
            }
        }

        public IChannel Channel { get; }

        public CancellationToken Closed { get; }
    }
}
