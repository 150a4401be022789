using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET /admin/v1/addresses/{address}/logins</c>: who has logged in to an account of late, and who has tried.</summary>
internal static class Logins
{
    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/addresses/{address}/logins", ListAsync).Requires(AdminPermission.ReadSignIns, Reach.Address)
        .Answers<LoginList>("listLogins", "The last logins of an account and failures to log in, the newest first");

    private static async Task<IResult> ListAsync(string address, IGrainFactory grains) =>
        !EmailAddress.TryParse(address, out var parsed) ? Problem.NoAddress(address)
        : await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is not { Kind: AddressKind.Account } ? Problem.NotFound($"there is no account {parsed.Key}")
        : Results.Ok(new LoginList((await grains.GetGrain<ILoginsGrain>(parsed.Key).ListAsync()).Reverse().Select(LoginView.Of)));

    private sealed record LoginList(IEnumerable<LoginView> Logins);

    /// <summary>A row as the API shows it.</summary>
    private sealed record LoginView(DateTimeOffset FirstAt, DateTimeOffset LastAt, long Count, string Protocol, string Network, string Means, string? AppPassword, string Result)
    {
        public static LoginView Of(LoginRow row) => new(
            row.FirstAt, row.LastAt, row.Count, Lower(row.Kind.Protocol), row.Kind.Network, row.Kind.Means, row.Kind.AppPassword, Lower(row.Kind.Result));

        private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
    }
}
