using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Admin;

/// <summary>What a tenant demands of a password that is set in clear: by an administrator or by an import. An imported hash cannot be asked.</summary>
internal static class PasswordPolicy
{
    /// <summary>Why the account may not have this password, in a sentence; null when it may.</summary>
    public static async Task<string?> WhyRefusedAsync(string password, EmailAddress address, TenantId tenant, IGrainFactory grains)
    {
        var demanded = (await grains.GetGrain<ITenantGrain>(tenant.Value).GetTermsAsync()).Limits.PasswordLength;
        return PasswordRules.WhyRefused(
            password, Math.Max(demanded, PasswordRules.LeastLength), address.ToString(), address.Key, address.LocalPart, address.Domain, address.AsciiDomain);
    }
}
