using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/addresses/{address}/members?after=&amp;limit=</c>, <c>POST</c> to it, and <c>DELETE …/members/{member}</c>: who gets what is sent to a group. A page at a time, in an order that
/// stays the same; <c>next</c> is the next page's <c>after</c>, null at the end. A member is taken as it is given: nothing is said of whether there is such an address, here or elsewhere.
/// </summary>
internal static class GroupMembers
{
    /// <summary>Members of one request, some 300 kB at most; who has more sends several.</summary>
    private const int MostAtOnce = 1000;

    /// <summary>Members that the audit log names; of more it says how many.</summary>
    private const int MostNamed = 100;

    public static void Map(IEndpointRouteBuilder admin)
    {
        var members = admin.MapGroup("/addresses/{address}/members");
        members.MapGet("", ListAsync).Requires(AdminPermission.ReadDirectory, Reach.Address).Answers<MemberPage>("listMembers", "Members of a group, a page at a time");
        members.MapPost("", AddAsync).Requires(AdminPermission.ManageAddresses, Reach.Address).Answers<AddedMembers>("addMembers", "Adds members to a group; who is one already stays");
        members.MapDelete("/{member}", RemoveAsync).Requires(AdminPermission.ManageAddresses, Reach.Address).Answers<RemovedMember>("removeMember", "Takes a member out of a group");
    }

    private static async Task<IResult> ListAsync(string address, string? after, int? limit, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        var last = default(EmailAddress);
        if (!string.IsNullOrEmpty(after) && !EmailAddress.TryParse(after, out last))
        {
            return Problem.NoAddress(after);
        }

        var (group, refusal) = await FindAsync(address, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        var page = await grains.GetGrain<IGroupGrain>(group).GetPageAsync(string.IsNullOrEmpty(after) ? "" : last.Key, count);
        return Results.Ok(new MemberPage(page.Select(member => member.ToString()), page.Count == count ? page[^1].ToString() : null));
    }

    private static async Task<IResult> AddAsync(string address, NewMembers body, Act act, IGrainFactory grains)
    {
        if (body.Members is not { Length: > 0 and <= MostAtOnce })
        {
            return Problem.BadRequest($"members is a list of 1 to {MostAtOnce} addresses, local@domain");
        }

        var parsed = new List<EmailAddress>(body.Members.Length);
        foreach (var text in body.Members)
        {
            if (!EmailAddress.TryParse(text ?? "", out var member))
            {
                return Problem.NoAddress(text ?? "");
            }

            parsed.Add(member);
        }

        var (group, refusal) = await FindAsync(address, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        var added = await Task.WhenAll(parsed.GroupBy(member => GroupPages.PageOf(member.Key)).Select(page => PageOf(group, page.Key, grains).AddAsync([.. page])));
        var view = new AddedMembers(added.Sum(count => count ?? 0));
        act.Changed(null, new { view.Added, members = parsed.Count <= MostNamed ? parsed.Select(member => member.ToString()) : null });
        return added.Contains(null) ? Problem.Conflict($"{group} has as many members as a group may have: {view.Added} were added") : Results.Ok(view);
    }

    private static async Task<IResult> RemoveAsync(string address, string member, Act act, IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(member, out var parsed))
        {
            return Problem.NoAddress(member);
        }

        var (group, refusal) = await FindAsync(address, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!await PageOf(group, GroupPages.PageOf(parsed.Key), grains).RemoveAsync(parsed.Key))
        {
            return Problem.NotFound($"{parsed.Key} is no member of {group}");
        }

        act.Changed(new { member = parsed.Key }, null);
        return Results.Ok(new RemovedMember(parsed.Key));
    }

    // The group's key.
    private static async Task<(string Group, IResult? Refusal)> FindAsync(string address, IGrainFactory grains) =>
        !EmailAddress.TryParse(address, out var parsed) ? ("", Problem.NoAddress(address))
        : await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is { Kind: AddressKind.Group } ? (parsed.Key, null)
        : ("", Problem.NotFound($"there is no group {parsed.Key}"));

    private static IGroupPageGrain PageOf(string group, int page, IGrainFactory grains) => grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(group, page));

    private sealed record MemberPage(IEnumerable<string> Members, string? Next);

    private sealed record NewMembers(string?[]? Members);

    /// <param name="Added">How many were no members before.</param>
    private sealed record AddedMembers(int Added);

    private sealed record RemovedMember(string Member);
}
