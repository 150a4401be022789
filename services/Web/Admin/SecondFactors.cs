using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OtpNet;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET</c>, <c>POST</c> and <c>DELETE /admin/v1/addresses/{address}/totp</c>, <c>POST …/totp/confirm</c>: an account's second factor. The secret and the recovery codes are in one answer each,
/// and in no log.
/// </summary>
internal static class SecondFactors
{
    /// <summary>What authenticators show beside the account.</summary>
    private const string Issuer = "MailCloud";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var totp = admin.MapGroup("/addresses/{address}/totp");
        totp.MapGet("", (string address, IGrainFactory grains) => WithAsync(address, grains, GetAsync)).Requires(AdminPermission.ReadDirectory, Reach.Address)
            .Answers<TotpView>("getTotp", "Whether an account has a second factor");
        totp.MapPost("", (string address, Caller caller, Act act, IGrainFactory grains) => HoldAsync(caller, () => WithAsync(address, grains, (record, factor) => BeginAsync(record, factor, act))))
            .Requires(AdminPermission.ResetPasswords, Reach.Address)
            .Answers<BegunTotp>("beginTotp", "A secret for an authenticator, shown here only; it counts once it is confirmed");
        totp.MapPost("/confirm", (string address, TotpCode body, Caller caller, Act act, IGrainFactory grains) =>
            HoldAsync(caller, () => WithAsync(address, grains, (record, factor) => ConfirmAsync(record, factor, body, act))))
            .Requires(AdminPermission.ResetPasswords, Reach.Address)
            .Answers<ConfirmedTotp>("confirmTotp", "By a code: the account has a second factor from now on, and new recovery codes, shown here only");
        totp.MapDelete("", (string address, Act act, IGrainFactory grains) => WithAsync(address, grains, (record, factor) => RemoveAsync(record, factor, act)))
            .Requires(AdminPermission.ResetPasswords, Reach.Address)
            .Answers<TotpView>("removeTotp", "The password suffices again");
    }

    // Who takes a factor away helps somebody who has lost it, who notices; who holds one can sign in, and the owner cannot.
    private static async Task<IResult> HoldAsync(Caller caller, Func<Task<IResult>> act) =>
        caller.May(AdminPermission.ReadContent) ? await act() : Problem.Forbidden("who holds the second factor can sign in: it is made by who may read the mailbox");

    private static async Task<IResult> GetAsync(AddressRecord record, ITotpGrain factor) => Results.Ok(ViewOf(record.HasSecondFactor, await factor.GetAsync()));

    private static async Task<IResult> BeginAsync(AddressRecord record, ITotpGrain factor, Act act)
    {
        if (await factor.BeginAsync() is not { } secret)
        {
            return Problem.Conflict($"{record.Address.Key} has a second factor: remove it first");
        }

        act.Changed(null, new { totp = "begun" });
        var text = Base32Encoding.ToString(secret.Octets.ToArray());
        return Results.Ok(new BegunTotp(text, new OtpUri(OtpType.Totp, text, record.Address.Key, Issuer).ToString()));
    }

    private static async Task<IResult> ConfirmAsync(AddressRecord record, ITotpGrain factor, TotpCode body, Act act)
    {
        var codes = RecoveryCode.NewSet();
        switch (await factor.ConfirmAsync((body.Code ?? "").Replace(" ", "", StringComparison.Ordinal), [.. codes.Select(code => RecoveryCode.DigestOf(code)!)]))
        {
            case TotpAnswer.Right:
                act.Changed(new { totp = record.HasSecondFactor ? "on" : "off" }, new { totp = "on", recoveryCodes = codes.Length });
                return Results.Ok(new ConfirmedTotp(codes));
            case TotpAnswer.NoSecret:
                return Problem.Conflict($"there is nothing to confirm: POST to /admin/v1/addresses/{record.Address.Key}/totp first");
            case TotpAnswer.TooMany:
                return Problem.TooManyRequests("too many codes were wrong: wait five minutes");
            default:
                return Problem.BadRequest("code is the six digits that the authenticator shows now, and no code that was used: is its clock right?");
        }
    }

    private static async Task<IResult> RemoveAsync(AddressRecord record, ITotpGrain factor, Act act)
    {
        await factor.RemoveAsync();
        act.Changed(new { totp = record.HasSecondFactor ? "on" : "off" }, new { totp = "off" });
        return Results.Ok(ViewOf(false, await factor.GetAsync()));
    }

    private static async Task<IResult> WithAsync(string address, IGrainFactory grains, Func<AddressRecord, ITotpGrain, Task<IResult>> act) =>
        !EmailAddress.TryParse(address, out var parsed) ? Problem.NoAddress(address)
        : await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is { Kind: AddressKind.Account } record ? await act(record, grains.GetGrain<ITotpGrain>(parsed.Key))
        : Problem.NotFound($"there is no account {parsed.Key}");

    private static TotpView ViewOf(bool isOn, TotpStatus status) => new(
        isOn ? TotpState.On : status.IsBegun ? TotpState.Begun : TotpState.Off,
        isOn ? status.ConfirmedAt : null,
        isOn ? status.RecoveryCodes : 0);

    private enum TotpState
    {
        Off = 0,

        /// <summary>There is a secret that is not confirmed.</summary>
        Begun = 1,
        On = 2,
    }

    private sealed record TotpCode(string? Code);

    /// <param name="RecoveryCodes">How many are left.</param>
    private sealed record TotpView(TotpState State, DateTimeOffset? ConfirmedAt, int RecoveryCodes);

    /// <param name="Secret">In base32.</param>
    /// <param name="Uri">The same for a QR code.</param>
    private sealed record BegunTotp(string Secret, string Uri);

    private sealed record ConfirmedTotp(IReadOnlyList<string> RecoveryCodes);
}
