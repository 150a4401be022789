using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;

namespace MailCloud.Oidc;

/// <summary>Events 8200 to 8299; README.md lists them. Never a token or a part of one.</summary>
internal static partial class OidcLog
{
    [LoggerMessage(8200, LogLevel.Warning, "the keys of {Issuer}, which tenant {Tenant} trusts, cannot be fetched: {Why}")]
    public static partial void IssuerAway(this ILogger log, string issuer, TenantId tenant, string why);

    [LoggerMessage(8201, LogLevel.Information, "a token of tenant {Tenant} for {Account} was refused: {Fault}")]
    public static partial void TokenRefused(this ILogger log, TenantId tenant, string account, TokenFault fault);
}
