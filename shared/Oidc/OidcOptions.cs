namespace MailCloud.Oidc;

/// <summary>Section <c>Oidc</c>.</summary>
internal sealed record OidcOptions
{
    /// <summary>
    /// Networks in which issuers are asked that are no public ones, as <c>address/bits</c>, separated by commas. Tenants name their issuers themselves, and would else make this process knock inside.
    /// </summary>
    public string AllowedNetworks { get; init; } = "";
}
