using System.Security.Cryptography;
using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MailCloud.Web.Admin;

/// <summary>Who makes a request of the admin API. A handler that has it as a parameter gets it.</summary>
internal sealed record Caller(string Name, AdminRole Role, AdminPermission Permissions)
{
    /// <summary>Who holds the token of the file that Web:AdminTokenFile names.</summary>
    public static readonly Caller Root = new("root", AdminRole.Platform, Roles.PermissionsOf(AdminRole.Platform));

    /// <summary>Null: <see cref="Root"/>'s.</summary>
    public string? TokenId { get; init; }

    /// <summary>What it reaches; null: the whole platform.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>A user's own address, its key.</summary>
    public string? Address { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>A user's own account.</summary>
    public AccountId? Account { get; init; }

    /// <summary>Somebody signed in: it is a person and no program, who may do with the account's mail what a mail program may.</summary>
    public bool IsSignIn { get; init; }

    /// <summary>It has not all permissions of its role.</summary>
    public bool IsNarrowed { get; init; }

    public static Caller Of(ApiToken token) => new(token.Name, token.Role, Roles.PermissionsOf(token.Role) & (token.Permissions ?? ~AdminPermission.None))
    {
        TokenId = token.Id,
        Tenant = token.Tenant,
        Address = token.Address,
        IsReadOnly = token.IsReadOnly,
        Account = token.Account,
        IsSignIn = token.IsSignIn,
        IsNarrowed = token.Permissions is not null,
    };

    public static ValueTask<Caller?> BindAsync(HttpContext context) => new(context.Features.GetRequiredFeature<Caller>());

    public bool May(AdminPermission permission) => (Permissions & permission) == permission;

    public bool Reaches(TenantId? tenant) => Tenant is null || Tenant == tenant;

    /// <summary>As a token says who made it.</summary>
    public override string ToString() => TokenId is null ? Name : $"{TokenId} {Name}";
}

/// <summary>The text of an API token: <c>mct_ID_SECRET</c>, the id of a grain and 32 random octets, both in lower-case hexadecimal digits. Scanners of leaked secrets know the form.</summary>
internal readonly record struct TokenText(string Id, string Secret)
{
    private const string Prefix = "mct_";
    private const int IdLength = 32;
    private const int SecretOctets = 32;

    public static TokenText New() => new($"{Guid.CreateVersion7():N}", RandomNumberGenerator.GetHexString(2 * SecretOctets, lowercase: true));

    public static bool TryParse(string text, out TokenText token)
    {
        token = default;
        if (text.Length != Prefix.Length + IdLength + 1 + (2 * SecretOctets) || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdLength] != '_')
        {
            return false;
        }

        token = new(text.Substring(Prefix.Length, IdLength), text[^(2 * SecretOctets)..]);
        return IsId(token.Id) && token.Secret.All(char.IsAsciiHexDigitLower);
    }

    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);

    /// <summary>It is the text of this token.</summary>
    public bool IsOf(ApiToken token) => CryptographicOperations.FixedTimeEquals(token.Hash, Hash());

    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Secret));

    public override string ToString() => $"{Prefix}{Id}_{Secret}";
}
