using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET /admin/v1/accounts?domain=&amp;after=</c>: the domain's addresses in order, a page at a time; <c>next</c> is the next page's <c>after</c>, null at the end.</summary>
internal static class AccountList
{
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/accounts", GetAsync)
        .Requires(AdminPermission.ReadDirectory, Reach.Caller).Answers<AccountPage>("listAccounts", "A domain's addresses in order, a page at a time");

    private static async Task<IResult> GetAsync(string? domain, string? after, Caller caller, IGrainFactory grains)
    {
        if (string.IsNullOrEmpty(domain) || !EmailAddress.TryParse($"postmaster@{domain}", out var postmaster))
        {
            return Problem.BadRequest("say which domain: ?domain=NAME");
        }

        if (await grains.GetGrain<IDomainGrain>(postmaster.AsciiDomain).GetTenantAsync() is not { } tenant || !caller.Reaches(tenant))
        {
            return Problem.NotHosted(postmaster.AsciiDomain);
        }

        // A page of each bucket holds the page of all: the buckets split the domain's addresses by hash.
        var pages = await Task.WhenAll(Enumerable.Range(0, AddressIndex.Buckets)
            .Select(bucket => grains.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey(postmaster.AsciiDomain, bucket)).GetPageAsync(after ?? "", PageSize)));
        var keys = pages.SelectMany(page => page).Order(StringComparer.Ordinal).Take(PageSize).ToList();
        var records = await Task.WhenAll(keys.Select(key => grains.GetGrain<IAddressGrain>(key).GetAsync()));

        // An index entry whose address a crash kept from being made is passed over.
        return Results.Ok(new AccountPage(records.OfType<AddressRecord>().Select(AddressView.Of), keys.Count == PageSize ? keys[^1] : null));
    }
}

internal sealed record AccountPage(IEnumerable<AddressView> Accounts, string? Next);
