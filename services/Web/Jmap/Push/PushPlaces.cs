using MailCloud.Messages;
using MailCloud.Web.Jmap.Requests;

namespace MailCloud.Web.Jmap.Push;

/// <summary>How many clients may be connected to be told of changes.</summary>
internal sealed class PushPlaces(RequestTurns turns, JmapOptions options)
{
    private int open;

    /// <summary>Null when the account, or this process, has as many as it may. Disposing gives the place back.</summary>
    public IDisposable? TryEnter(AccountId account, string kind)
    {
        if (Interlocked.Increment(ref open) <= options.Push.MaxConnections && turns.TryEnter(account, "push", options.Push.MaxConnectionsPerAccount) is { } turn)
        {
            PushTelemetry.Connections.Add(1, PushTelemetry.By(kind));
            return new Place(this, turn, kind);
        }

        Interlocked.Decrement(ref open);
        return null;
    }

    private sealed class Place(PushPlaces places, IDisposable turn, string kind) : IDisposable
    {
        public void Dispose()
        {
            turn.Dispose();
            Interlocked.Decrement(ref places.open);
            PushTelemetry.Connections.Add(-1, PushTelemetry.By(kind));
        }
    }
}
