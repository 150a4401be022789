using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>Whose things an endpoint is about; checked before it runs.</summary>
internal enum Reach
{
    /// <summary>The whole platform's.</summary>
    Platform = 0,

    /// <summary>Of the tenant that the route's <c>{tenant}</c> names.</summary>
    Tenant,

    /// <summary>Of the tenant that hosts the route's <c>{domain}</c>.</summary>
    Domain,

    /// <summary>Of the tenant that hosts the domain of the route's <c>{address}</c>, or of the user who has it.</summary>
    Address,

    /// <summary>Nobody's: the same text in every installation, for which no token is asked.</summary>
    Nothing,

    /// <summary>The handler asks the <see cref="Caller"/>, and shows and changes nothing beyond its reach. Never a user's.</summary>
    Caller,
}

/// <summary>What an endpoint of the admin API needs: one of the permissions, for things within the caller's reach.</summary>
internal sealed record Requirement(AdminPermission AnyOf, Reach Reach)
{
    /// <summary>
    /// Null when the request may go on. What is another tenant's is refused with the very answer of what does not exist (404), so that nothing can be inferred; 403 depends on the token alone.
    /// </summary>
    public static async Task<IResult?> WhyRefusedAsync(Caller caller, HttpContext context, IGrainFactory grains)
    {
        // Others answer that there is no such path, method or type of content.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return null;
        }

        if (endpoint.Metadata.GetMetadata<Requirement>() is not { } requirement || !requirement.IsMetBy(caller))
        {
            return Problem.Forbidden($"a token of the role {Roles.Of(caller.Role)} with these permissions may not do this");
        }

        return caller.IsReadOnly && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? Problem.Forbidden("this token only reads")
            : await requirement.WhyOutOfReachAsync(caller, context.Request.RouteValues, grains);
    }

    private bool IsMetBy(Caller caller) => (caller.Permissions & AnyOf) != 0 && caller.Role switch
    {
        AdminRole.Platform => true,
        AdminRole.User => Reach == Reach.Address,
        _ => Reach != Reach.Platform,
    };

    private async Task<IResult?> WhyOutOfReachAsync(Caller caller, RouteValueDictionary route, IGrainFactory grains)
    {
        if (caller.Tenant is not { } tenant || Reach == Reach.Caller)
        {
            return null;
        }

        if (Reach == Reach.Tenant)
        {
            var name = Value(route, "tenant");
            return name == tenant.Value ? null : Problem.NoTenant(name);
        }

        var text = Value(route, Reach == Reach.Domain ? "domain" : "address");
        if (!EmailAddress.TryParse(Reach == Reach.Domain ? $"postmaster@{text}" : text, out var address))
        {
            return Reach == Reach.Domain ? Problem.NotHosted(text) : Problem.NoAddress(text);
        }

        if (caller.Role == AdminRole.User)
        {
            return address.Key == caller.Address ? null : Problem.NotFound($"there is no address {address.Key}");
        }

        return await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() == tenant ? null : Problem.NotHosted(address.AsciiDomain);
    }

    private static string Value(RouteValueDictionary route, string name) => (string)route[name]!;
}

internal static class RequirementConvention
{
    /// <summary>Says what an endpoint, or each of a group, needs. One that says nothing answers nobody.</summary>
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, AdminPermission anyOf, Reach reach)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new Requirement(anyOf, reach));
}
