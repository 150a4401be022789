using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>The tenant's tokens are this issuer's from now on; null: nobody's.</summary>
[GenerateSerializer, Immutable, Alias("mc.OidcIssuerChanged")]
internal sealed record OidcIssuerChanged([property: Id(0)] OidcIssuer? Issuer) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.TenantOidcState")]
internal sealed record TenantOidcState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public OidcIssuer? Issuer { get; set; }
}
