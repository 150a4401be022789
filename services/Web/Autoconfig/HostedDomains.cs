using MailCloud.Cluster;
using MailCloud.Messages;
using MailCloud.Standing;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Autoconfig;

/// <summary>Which of the domains that are asked for are hosted here, alias domains too. Addresses are not looked up: whoever asks has shown nothing, and learns of none whether it exists.</summary>
internal sealed class HostedDomains(Standings standings, GrainCalls calls)
{
    /// <summary>Null: it is no address, or its domain is not hosted.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<EmailAddress?> FindAsync(string? text, CancellationToken cancellationToken) =>
        TryParse(text, out var address) && await standings.FindDomainAsync(address.AsciiDomain, calls.NewPatience(), cancellationToken) is not null ? address : null;

    /// <summary>The domain whose host this is. Null: it is none of a hosted domain.</summary>
    /// <param name="host">As the Host field has it.</param>
    /// <param name="prefix">What stands before the domain, with its dot.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<string?> FindAsync(HostString host, string prefix, CancellationToken cancellationToken)
    {
        var name = host.Host.TrimEnd('.');
        return name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? (await FindAsync($"postmaster@{name[prefix.Length..]}", cancellationToken))?.AsciiDomain : null;
    }

    // U+FFFF is no character of XML (§2.2); others that are none, EmailAddress refuses. Of address literals none is hosted.
    private static bool TryParse(string? text, out EmailAddress address)
    {
        address = default;
        return text is not null && !text.Contains('\uFFFF', StringComparison.Ordinal) && EmailAddress.TryParse(text, out address) && address.Domain[0] != '[';
    }
}
