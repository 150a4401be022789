using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/accounts?domain=&amp;prefix=&amp;after=&amp;limit=</c>: the domain's addresses in order, a page at a time; <c>next</c> is the next page's <c>after</c>, null at the end.
/// </summary>
internal static class AccountList
{
    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/accounts", GetAsync)
        .Requires(AdminPermission.ReadDirectory, Reach.Caller).Answers<AccountPage>("listAccounts", "A domain's addresses in order, or those that begin with a prefix, a page at a time");

    private static async Task<IResult> GetAsync(string? domain, string? prefix, string? after, int? limit, Caller caller, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        var (name, refusal) = await FindDomainAsync(domain, caller, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        var keys = await AddressPages.GetAsync(name, AsOfKeys(prefix ?? ""), after ?? "", count, grains);
        var records = await AddressPages.FindAsync(keys, grains);
        return Results.Ok(new AccountPage(records.Select(AddressView.Of), keys.Count == count ? keys[^1] : null));
    }

    /// <summary>The domain as lower-case A-labels, or why it is not to be listed for this caller.</summary>
    internal static async Task<(string Name, IResult? Refusal)> FindDomainAsync(string? domain, Caller caller, IGrainFactory grains)
    {
        if (string.IsNullOrEmpty(domain) || !EmailAddress.TryParse($"postmaster@{domain}", out var postmaster))
        {
            return ("", Problem.BadRequest("say which domain: ?domain=NAME"));
        }

        var name = postmaster.AsciiDomain;
        return (name, await grains.GetGrain<IDomainGrain>(name).GetTenantAsync() is { } tenant && caller.Reaches(tenant) ? null : Problem.NotHosted(name));
    }

    // As EmailAddress.Key has local parts; half of a surrogate pair cannot come in a query, which is UTF-8.
    private static string AsOfKeys(string prefix) => prefix.Normalize(NormalizationForm.FormC).ToLowerInvariant();
}

internal sealed record AccountPage(IEnumerable<AddressView> Accounts, string? Next);
