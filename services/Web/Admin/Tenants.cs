using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>POST /admin/v1/tenants</c>, <c>GET</c> and <c>PUT /admin/v1/tenants/{tenant}</c>, <c>POST /admin/v1/tenants/{tenant}/domains</c>. Repeating any of them changes nothing.</summary>
internal static class Tenants
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapPost("/tenants", CreateAsync).Requires(AdminPermission.ManageTenants, Reach.Platform).Answers<TenantView>("createTenant", "Makes a tenant; a repeat changes nothing");
        admin.MapGet("/tenants/{tenant}", GetAsync)
            .Requires(AdminPermission.ReadDirectory, Reach.Tenant).AnswersTagged<TenantView>("getTenant", "A tenant: its domains, state and limits, and what it has of them");
        admin.MapPut("/tenants/{tenant}", PutAsync)
            .Requires(AdminPermission.ManageTenants, Reach.Platform).Answers<TenantView>("updateTenant", "Sets a tenant's state and limits; what is left out stays");
        admin.MapPost("/tenants/{tenant}/domains", AddDomainAsync).Requires(AdminPermission.ManageTenants, Reach.Platform)
            .Answers<TenantView>("addDomain", "Hosts a domain for a tenant, with its postmaster");
    }

    private static async Task<IResult> CreateAsync(NewTenant body, Act act, IGrainFactory grains)
    {
        if (body.Id is null || !TenantId.IsValid(body.Id))
        {
            return Problem.BadRequest("a tenant's id is 1 to 40 of a-z, 0-9 and -");
        }

        var tenant = grains.GetGrain<ITenantGrain>(body.Id);
        await tenant.CreateAsync();
        if (await tenant.GetAsync() is null)
        {
            return Problem.Conflict($"tenant {body.Id} was deleted: restore it, or wait until it is gone");
        }

        act.Changed(null, new { id = body.Id });
        return Results.Ok(await ViewAsync(tenant, grains));
    }

    private static async Task<IResult> GetAsync(string tenant, [FromHeader(Name = EntityTag.IfNoneMatch)] string? ifNoneMatch, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && grains.GetGrain<ITenantGrain>(tenant) is var grain && await grain.GetAsync() is not null
            ? EntityTag.Answer(await ViewAsync(grain, grains), ifNoneMatch)
            : Problem.NoTenant(tenant);

    private static async Task<IResult> PutAsync(string tenant, TenantUpdate update, [FromHeader(Name = EntityTag.IfMatch)] string? ifMatch, Act act, IGrainFactory grains)
    {
        if (!StateNames.TryParse(update.State, AccountState.Active, out var state))
        {
            return Problem.BadRequest(StateNames.Rule);
        }

        if (!TenantId.IsValid(tenant))
        {
            return Problem.NoTenant(tenant);
        }

        var grain = grains.GetGrain<ITenantGrain>(tenant);
        return await SeenChange.MakeAsync(async () => await grain.GetAsync() is not { } info ? Problem.NoTenant(tenant)
            : EntityTag.WhyNot(await ViewAsync(info, grains), ifMatch) ?? await PutSeenAsync(grain, info, update.State is null ? info.State : state, update.Limits, act, grains));
    }

    // Null: it is not as it was seen any more.
    private static async Task<IResult?> PutSeenAsync(ITenantGrain grain, TenantInfo info, AccountState state, LimitsUpdate? limits, Act act, IGrainFactory grains)
    {
        if (limits?.Errors() is { } why)
        {
            return Problem.BadRequest(why);
        }

        if (!await grain.SetTermsAsync(info, state, limits?.ApplyTo(info.Limits) ?? info.Limits))
        {
            return null;
        }

        var becomes = (await grain.GetAsync())!;
        act.Changed(Terms(info), Terms(becomes));
        return EntityTag.Answer(await ViewAsync(becomes, grains));
    }

    private static async Task<IResult> AddDomainAsync(string tenant, NewDomain body, Act act, IGrainFactory grains)
    {
        if (body.Domain is null || !EmailAddress.TryParse($"postmaster@{body.Domain}", out var postmaster) || body.Domain.StartsWith('['))
        {
            return Problem.BadRequest($"'{body.Domain}' is no domain name");
        }

        var grain = TenantId.IsValid(tenant) ? grains.GetGrain<ITenantGrain>(tenant) : null;
        if (grain is null || await grain.GetAsync() is null)
        {
            return Problem.NoTenant(tenant);
        }

        var result = await grain.HostDomainAsync(postmaster.AsciiDomain);
        if (result == HostDomainResult.Hosted)
        {
            act.Changed(null, new { domain = postmaster.AsciiDomain });
        }

        return result switch
        {
            HostDomainResult.Hosted => Results.Ok(await ViewAsync(grain, grains)),
            HostDomainResult.TooMany => Problem.Conflict($"tenant {tenant} has as many domains as it may: PUT a higher limit to /admin/v1/tenants/{tenant} first"),
            HostDomainResult.Deleted => Problem.Conflict($"{postmaster.AsciiDomain} was deleted: restore it, or wait until it is gone"),
            _ => Problem.Conflict($"another tenant hosts {postmaster.AsciiDomain}"),
        };
    }

    private static object Terms(TenantInfo info) => new { state = info.State, limits = info.Limits };

    private static async Task<TenantView> ViewAsync(ITenantGrain grain, IGrainFactory grains) => await ViewAsync((await grain.GetAsync())!, grains);

    private static async Task<TenantView> ViewAsync(TenantInfo info, IGrainFactory grains)
    {
        var usage = await grains.GetGrain<ITenantUsageGrain>(info.Id.Value).GetAsync();
        return new(info.Id.Value, info.Domains, info.State, info.Limits, new(info.Domains.Length, usage.Accounts, usage.QuotaBytes));
    }

    private sealed record NewTenant(string? Id);

    private sealed record TenantUpdate(string? State, LimitsUpdate? Limits);

    /// <summary>What is left out stays.</summary>
    private sealed record LimitsUpdate(
        string? Plan, int? Domains, int? Accounts, long? StorageBytes, long? AccountBytes, int? RecipientsPerDay, int? Sessions, int? CommandsPerSecond, int? PasswordLength)
    {
        /// <summary>As of Sending:TenantPerDay.</summary>
        private const int MaxRecipients = 100_000_000;

        private const int MaxCommands = 1_000_000;

        public string? Errors() =>
            Plan is { Length: > 100 } ? "the name of a plan has 100 characters at most"
            : Domains < 0 || Accounts < 0 || StorageBytes < 0 || AccountBytes < 0 || RecipientsPerDay is < 0 or > MaxRecipients || Sessions < 0 || CommandsPerSecond is < 0 or > MaxCommands
                ? $"limits are numbers, 0 is none; recipientsPerDay is {MaxRecipients} at most, commandsPerSecond {MaxCommands}"
            : PasswordLength is < 0 or > PasswordRules.MostDemanded ? $"passwordLength is {PasswordRules.MostDemanded} at most; less than {PasswordRules.LeastLength} is {PasswordRules.LeastLength}"
                : null;

        public TenantLimits ApplyTo(TenantLimits limits) => new()
        {
            Plan = Plan ?? limits.Plan,
            Domains = Domains ?? limits.Domains,
            Accounts = Accounts ?? limits.Accounts,
            StorageBytes = StorageBytes ?? limits.StorageBytes,
            AccountBytes = AccountBytes ?? limits.AccountBytes,
            RecipientsPerDay = RecipientsPerDay ?? limits.RecipientsPerDay,
            Sessions = Sessions ?? limits.Sessions,
            CommandsPerSecond = CommandsPerSecond ?? limits.CommandsPerSecond,
            PasswordLength = PasswordLength ?? limits.PasswordLength,
        };
    }

    private sealed record NewDomain(string? Domain);
}

/// <summary>A tenant as the API shows it.</summary>
internal sealed record TenantView(string Id, IReadOnlyList<string> Domains, AccountState State, TenantLimits Limits, UsageView Usage);

/// <param name="QuotaBytes">Octets that the quotas of the accounts come to.</param>
internal sealed record UsageView(int Domains, long Accounts, long QuotaBytes);
