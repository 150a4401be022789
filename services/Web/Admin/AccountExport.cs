using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/accounts/export?domain=&amp;hashes=</c>: all addresses of a domain in order, a JSON line each, as a PUT of an address takes them back. With <c>hashes=true</c> accounts have their
/// <c>{SCHEME}hash</c> too, as an import takes it: whoever has those can guess at passwords, so only who may set them gets them. An answer that breaks off ends without its last chunk.
/// </summary>
internal static class AccountExport
{
    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/accounts/export", RunAsync).WithMetadata(new WrittenDown())
        .Requires(AdminPermission.ReadDirectory, Reach.Caller).AnswersLines<ExportedAddress>("exportAccounts", "All addresses of a domain in order, a line each");

    private static async Task RunAsync(string? domain, bool? hashes, HttpContext context, Caller caller, Act act, IGrainFactory grains)
    {
        var withHashes = hashes == true;
        if (withHashes && (!caller.May(AdminPermission.ManageAddresses) || caller.IsReadOnly))
        {
            await Problem.Forbidden("this token may not set passwords, so it does not get their hashes: ask without hashes=true").ExecuteAsync(context);
            return;
        }

        var (name, refusal) = await AccountList.FindDomainAsync(domain, caller, grains);
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        act.Changed(null, new { domain = name, hashes = withHashes });
        JsonLines.Begin(context.Response);
        for (string? after = ""; after is not null;)
        {
            var keys = await AddressPages.GetAsync(name, "", after, Page.Most, grains);
            foreach (var record in await AddressPages.FindAsync(keys, grains))
            {
                await JsonLines.WriteAsync(context.Response, ExportedAddress.Of(record, withHashes), context.RequestAborted);
            }

            after = keys.Count == Page.Most ? keys[^1] : null;
        }
    }
}

/// <param name="PasswordHash">As {SCHEME}hash; null also where it was not asked for.</param>
/// <param name="Owner">Who runs a group, if it is not the postmaster of its domain. Its members are asked for by themselves.</param>
/// <param name="Posting">Who may send to a group.</param>
internal sealed record ExportedAddress(
    string Address, AddressKind Kind, string State, IEnumerable<string> Targets, long QuotaBytes, IReadOnlyList<string> SendAs, string? PasswordHash, string? Owner, GroupPosting? Posting)
{
    public static ExportedAddress Of(AddressRecord record, bool withHash) => new(
        record.Address.Key, record.Kind, StateNames.Of(record.State), record.Targets.Select(target => target.ToString()), record.QuotaBytes, record.SendAs, withHash ? record.Verifier : null,
        record.Kind == AddressKind.Group ? record.Group?.Owner?.ToString() : null, record.Kind == AddressKind.Group ? (record.Group ?? GroupSettings.None).Posting : null);
}
