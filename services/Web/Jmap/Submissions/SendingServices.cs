using System.Threading.RateLimiting;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using MailCloud.Submission;
using MailCloud.Tracing;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>What the policy of sending stands on, the same as that of SMTP submission (<see cref="MailCloud.Submission"/>).</summary>
internal sealed class SendingServices(
    IGrainFactory grains, GrainCalls calls, Standings standings, IOptions<SendingOptions> sending, MessageTracer tracer, TracingOptions tracing, JmapOptions options, TimeProvider time) : IDisposable
{
    /// <summary>As Smtp:DirectoryCache.</summary>
    private static readonly TimeSpan DirectoryLifetime = TimeSpan.FromSeconds(5);

    private readonly PartitionedRateLimiter<AccountId> messages = PartitionedRateLimiter.Create<AccountId, AccountId>(account => RateLimitPartition.GetFixedWindowLimiter(
        account, _ => new() { PermitLimit = options.AccountMessagesPerMinute, Window = TimeSpan.FromMinutes(1) }));

    public AddressDirectory Directory { get; } = new(grains, calls, standings, DirectoryLifetime, time);

    public SendingCaps Caps { get; } = new(grains, calls, standings, sending.Value);

    public MessageTracer Tracer => tracer;

    /// <summary>For how long the trace knows of a message.</summary>
    public TimeSpan TraceRetention => tracing.Retention;

    public string PostmasterDomain => (options.PostmasterDomain.Length > 0 ? options.PostmasterDomain : options.HostName).ToLowerInvariant();

    /// <summary>Counts a message of an account in this minute, in this process. False when it is one too many.</summary>
    public bool TryMessage(AccountId account)
    {
        using var lease = messages.AttemptAcquire(account);
        return lease.IsAcquired;
    }

    /// <summary>What the account may do, and its record by now.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public ValueTask<(AccountState State, AddressRecord? Record)> FindRightAsync(JmapUser user, Patience patience, CancellationToken cancellationToken) => SendingRight.FindAsync(
        Directory, standings, new() { Address = user.Address, Tenant = user.Tenant, Kind = AddressKind.Account, Account = user.Account }, patience, cancellationToken);

    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<bool> OwnsAsync(JmapUser user, EmailAddress address, CancellationToken cancellationToken)
    {
        var patience = calls.NewPatience();
        return (await FindRightAsync(user, patience, cancellationToken).ConfigureAwait(false)).Record is { } account
            && await SenderOwnership.OwnsAsync(Directory, account, address, patience, cancellationToken).ConfigureAwait(false);
    }

    public RecipientLookup LookupFor(MessageSender sender, Patience patience) => new(Directory, standings, sender, patience);

    public void Dispose() => messages.Dispose();
}
