using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// Grants connections to one provider of mail exchange, to all relays together. Key: <c>pool/provider</c>, where the provider is what the destinations that share its limits have in
/// common (<c>Relay</c> derives it from their MX hosts). Grants are held in memory only; after the loss of a silo, which may have held a limiter, none is given for one
/// <see cref="Lease"/>, by which time those of before have run out. So the limits hold across all relays.
/// </summary>
[Alias("mc.ILimiterGrain")]
public interface ILimiterGrain : IGrainWithStringKey
{
    /// <summary>How long a grant holds without being renewed. A relay renews three times as often, and closes a connection whose grant it could not renew in time.</summary>
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>Asks for one connection.</summary>
    [Alias("Acquire")]
    Task<ConnectionGrant> AcquireAsync(ConnectionRequest request);

    /// <summary>Prolongs grants; returns those that are no longer known, whose connections must be closed.</summary>
    [Alias("Renew")]
    Task<IReadOnlyList<Guid>> RenewAsync(IReadOnlyList<Guid> grants);

    /// <summary>Gives a grant back, after its connection is closed, with what was learnt on it.</summary>
    [Alias("Release")]
    Task ReleaseAsync(Guid grant, ConnectionReport report);
}

/// <param name="Limits">What configuration says of this provider.</param>
[GenerateSerializer, Immutable, Alias("mc.ConnectionRequest")]
public sealed record ConnectionRequest([property: Id(0)] ProviderLimits Limits);

/// <summary>The limits of one provider.</summary>
/// <param name="Connections">Connections at once, of all relays.</param>
/// <param name="MessagesPerConnection">Messages on one connection, then it ends.</param>
/// <param name="MessagesPerMinute">Messages in a minute on all connections; null: no limit.</param>
[GenerateSerializer, Immutable, Alias("mc.ProviderLimits")]
public sealed record ProviderLimits(
    [property: Id(0)] int Connections, [property: Id(1)] int MessagesPerConnection, [property: Id(2)] int? MessagesPerMinute);

/// <summary>The answer to a request.</summary>
/// <param name="Grant">Names the grant; null: not now.</param>
/// <param name="Messages">So many messages may go on the connection.</param>
/// <param name="AskAgainAfter">When it was refused: how long to wait.</param>
/// <param name="SuspendedUntil">When the provider is left alone, because it said so or refused several connections: until then its mail waits without being tried.</param>
[GenerateSerializer, Immutable, Alias("mc.ConnectionGrant")]
public sealed record ConnectionGrant(
    [property: Id(0)] Guid? Grant, [property: Id(1)] int Messages, [property: Id(2)] TimeSpan AskAgainAfter, [property: Id(3)] DateTimeOffset? SuspendedUntil);

/// <summary>How a connection went.</summary>
/// <param name="Messages">Messages that were sent on it.</param>
/// <param name="Verdict">What the provider said of our rate.</param>
/// <param name="Reply">Its words, for the operator.</param>
[GenerateSerializer, Immutable, Alias("mc.ConnectionReport")]
public sealed record ConnectionReport([property: Id(0)] int Messages, [property: Id(1)] ConnectionVerdict Verdict, [property: Id(2)] string? Reply);

public enum ConnectionVerdict
{
    /// <summary>Nothing was wrong with it.</summary>
    Fine = 0,

    /// <summary>421, or a 4xx to the greeting, EHLO or MAIL: fewer connections would be better.</summary>
    TooMuch = 1,

    /// <summary>No host of the provider could be reached.</summary>
    Unreachable = 2,
}
