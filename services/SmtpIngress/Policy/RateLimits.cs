using System.Net;
using MailCloud.Wire;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>How many messages a network or an account may send, in this process. Tables are bounded.</summary>
internal sealed class RateLimits(SmtpOptions options, TimeProvider time)
{
    private readonly IReadOnlyList<IPNetwork> unlimited = Networks.Parse(options.UnlimitedNetworks);
    private readonly PerMinute messages = new(options.MessagesPerMinute, time);
    private readonly PerMinute accountMessages = new(options.AccountMessagesPerMinute, time);

    /// <summary>Counts a message of a network, or of an account. False when it is one too many.</summary>
    public bool TryMessage(IPAddress address, string? account) =>
        Networks.Contain(unlimited, address) || (account is not null ? accountMessages.TryCount(account) : messages.TryCount(SessionPlaces.NetworkOf(address)));
}
