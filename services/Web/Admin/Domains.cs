using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET</c> and <c>PUT /admin/v1/domains/{domain}</c>: where addresses lead that a domain has not. A PUT says all of it.</summary>
internal static class Domains
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/domains/{domain}", GetAsync).Requires(AdminPermission.ReadDirectory, Reach.Domain).AnswersTagged<DomainView>("getDomain", "Where addresses lead that a domain has not");
        admin.MapPut("/domains/{domain}", PutAsync)
            .Requires(AdminPermission.ManageDomains, Reach.Domain).Answers<DomainView>("routeDomain", "Says all of that: another domain, one address, or nowhere");
    }

    private static async Task<IResult> GetAsync(string domain, [FromHeader(Name = EntityTag.IfNoneMatch)] string? ifNoneMatch, IGrainFactory grains) =>
        TryParse(domain, out var name) && await grains.GetGrain<IDomainGrain>(name).FindAsync() is { } info ? EntityTag.Answer(DomainView.Of(name, info), ifNoneMatch) : Problem.NotHosted(domain);

    private static async Task<IResult> PutAsync(string domain, RouteUpdate update, [FromHeader(Name = EntityTag.IfMatch)] string? ifMatch, Act act, IGrainFactory grains)
    {
        if (!TryParse(domain, out var name))
        {
            return Problem.NotHosted(domain);
        }

        if (update is { AliasOf: not null, CatchAll: not null })
        {
            return Problem.BadRequest("a domain is another name of one, or has a catch-all, not both: that domain's catch-all counts for it");
        }

        var route = DomainRoute.None;
        if (update.AliasOf is { } other)
        {
            if (!TryParse(other, out var otherName))
            {
                return Problem.BadRequest($"'{other}' is no domain name");
            }

            route = new() { AliasOf = otherName };
        }
        else if (update.CatchAll is { } text)
        {
            if (!EmailAddress.TryParse(text, out var target))
            {
                return Problem.NoAddress(text);
            }

            route = new() { CatchAll = target };
        }

        return await SeenChange.MakeAsync(async () => await grains.GetGrain<IDomainGrain>(name).FindAsync() is not { } before ? Problem.NotHosted(name)
            : EntityTag.WhyNot(DomainView.Of(name, before), ifMatch) ?? await RouteAsync(name, before, route, act, grains));
    }

    // Null: it is not as it was seen any more.
    private static async Task<IResult?> RouteAsync(string name, DomainInfo before, DomainRoute route, Act act, IGrainFactory grains)
    {
        var grain = grains.GetGrain<IDomainGrain>(name);
        return await grain.RouteSeenAsync(before, route) switch
        {
            RouteDomainResult.Routed => await ChangedAsync(),
            RouteDomainResult.NotAsSeen => null,
            RouteDomainResult.NoTarget => Problem.Conflict($"{route.AliasOf} must be another domain of the same tenant, and not another name of one itself"),
            _ => Problem.NotHosted(name),
        };

        async Task<IResult> ChangedAsync()
        {
            var view = DomainView.Of(name, (await grain.FindAsync())!);
            act.Changed(DomainView.Of(name, before), view);
            return EntityTag.Answer(view);
        }
    }

    private static bool TryParse(string domain, out string name)
    {
        var ok = EmailAddress.TryParse($"postmaster@{domain}", out var postmaster) && !domain.StartsWith('[');
        name = ok ? postmaster.AsciiDomain : domain;
        return ok;
    }

    private sealed record RouteUpdate(string? AliasOf, string? CatchAll);
}

/// <summary>A domain as the API shows it.</summary>
internal sealed record DomainView(string Domain, string Tenant, string? AliasOf, string? CatchAll)
{
    public static DomainView Of(string name, DomainInfo info) => new(name, info.Tenant.Value, info.Route.AliasOf, info.Route.CatchAll?.ToString());
}
