using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET</c>, <c>PUT</c> and <c>DELETE /admin/v1/addresses/{address}</c>, <c>POST /admin/v1/addresses/{address}/restore</c>: what an address stands for. What a PUT leaves out stays as it is,
/// the password too.
/// </summary>
internal static class Addresses
{
    /// <summary>Targets of one alias, 40 kB: RCPT looks at each while the client waits. It follows 1,000 over all levels, as Postfix's virtual_alias_expansion_limit says.</summary>
    private const int MaxTargets = 500;

    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/addresses/{address}", GetAsync).Requires(AdminPermission.ReadDirectory, Reach.Address).AnswersTagged<AddressView>("getAddress", "What an address stands for");
        admin.MapPut("/addresses/{address}", PutAsync).Requires(AdminPermission.ManageAddresses | AdminPermission.ResetPasswords, Reach.Address)
            .Answers<AddressView>("updateAddress", "Makes an address, or changes it; what is left out stays, the password too");
        admin.MapDelete("/addresses/{address}", DeleteAsync).Requires(AdminPermission.ManageAddresses, Reach.Address)
            .Answers<DeletedAddress>("deleteAddress", "Takes an address away at once; it can be restored for a time");
        admin.MapPost("/addresses/{address}/restore", RestoreAsync)
            .Requires(AdminPermission.ManageAddresses, Reach.Address).Answers<AddressView>("restoreAddress", "Brings a deleted address back as it was");
    }

    private static async Task<IResult> DeleteAsync(string address, Act act, IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(address, out var parsed))
        {
            return Problem.NoAddress(address);
        }

        var grain = grains.GetGrain<IAddressGrain>(parsed.Key);
        var record = await grain.GetAsync();
        if (await grain.DeleteAsync() is not { } until)
        {
            return Problem.NotFound($"there is no address {parsed.Key}");
        }

        act.Changed(record is null ? null : AddressView.Of(record), new { restorableUntil = until });
        return Results.Ok(new DeletedAddress(parsed.Key, until));
    }

    private static async Task<IResult> RestoreAsync(string address, Act act, IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(address, out var parsed))
        {
            return Problem.NoAddress(address);
        }

        var grain = grains.GetGrain<IAddressGrain>(parsed.Key);
        if (!await grain.RestoreAsync() || await grain.GetAsync() is not { } record)
        {
            return Problem.NotFound($"{parsed.Key} is not deleted, or was for too long");
        }

        act.Changed(null, AddressView.Of(record));
        return Results.Ok(AddressView.Of(record));
    }

    private static async Task<IResult> GetAsync(string address, [FromHeader(Name = EntityTag.IfNoneMatch)] string? ifNoneMatch, IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(address, out var parsed))
        {
            return Problem.NoAddress(address);
        }

        return await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is { } record
            ? EntityTag.Answer(AddressView.Of(record), ifNoneMatch)
            : Problem.NotFound($"there is no address {parsed.Key}");
    }

    private static async Task<IResult> PutAsync(
        string address,
        AddressUpdate update,
        [FromHeader(Name = EntityTag.IfMatch)] string? ifMatch,
        [FromHeader(Name = EntityTag.IfNoneMatch)] string? ifNoneMatch,
        Caller caller,
        Act act,
        IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(address, out var parsed))
        {
            return Problem.NoAddress(address);
        }

        if (update.Owner is { } owner && EmailAddress.TryParse(owner, out var runs) && runs.Key == parsed.Key)
        {
            return Problem.BadRequest("a group cannot run itself: its owner is told of members that cannot be reached");
        }

        if (await grains.GetGrain<IDomainGrain>(parsed.AsciiDomain).GetTenantAsync() is not { } tenant)
        {
            return Problem.NotHosted(parsed.AsciiDomain);
        }

        return await SeenChange.MakeAsync(async () =>
        {
            var existing = await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync();
            return update.WhyNotBy(caller, existing) ?? EntityTag.WhyNot(existing is null ? null : AddressView.Of(existing), ifMatch, ifNoneMatch)
                ?? await PutSeenAsync(parsed, tenant, existing, update, act, grains);
        });
    }

    // Null: it is not what was seen any more.
    private static async Task<IResult?> PutSeenAsync(EmailAddress parsed, TenantId tenant, AddressRecord? existing, AddressUpdate update, Act act, IGrainFactory grains)
    {
        var record = existing ?? new AddressRecord { Address = parsed, Tenant = tenant, Kind = AddressKind.Account };
        if (!update.TryApply(record, out record, out var state, out var why))
        {
            return Problem.BadRequest(why);
        }

        if (update.Password is { } password && await PasswordPolicy.WhyRefusedAsync(password, record.Address, tenant, grains) is { } refused)
        {
            return Problem.BadRequest(refused);
        }

        var grain = grains.GetGrain<IAddressGrain>(parsed.Key);
        switch (await grain.PutSeenAsync(existing, record, update.State is null ? null : state))
        {
            case PutAddressResult.NotAsSeen:
                return null;
            case PutAddressResult.NotHosted:
                return Problem.NotHosted(parsed.AsciiDomain);
            case var result when PutAddressRefusals.LimitOf(result, tenant) is { } limit:
                return Problem.Conflict(limit);
        }

        var view = AddressView.Of((await grain.GetAsync())!);
        act.Changed(existing is null ? null : AddressView.Of(existing), view, update.Password is null ? null : "password");
        return EntityTag.Answer(view);
    }

    /// <param name="Owner">Of a group; "" is the postmaster of its domain again.</param>
    /// <param name="Posting">Who may send to a group: anyone, tenant or members.</param>
    private sealed record AddressUpdate(
        string? Kind, string[]? Targets, long? QuotaBytes, string[]? SendAs, string? Password, string? State, string? Owner = null, string? Posting = null)
    {
        /// <summary>Who may only set passwords sets one of an account that there is, and changes nothing else.</summary>
        public IResult? WhyNotBy(Caller caller, AddressRecord? existing) =>
            caller.May(AdminPermission.ManageAddresses) ? null
            : this != new AddressUpdate(null, null, null, null, Password, null) ? Problem.Forbidden("this token may set the password, and nothing else")
            : existing is not { Kind: AddressKind.Account } ? Problem.NotFound("there is no such account") : null;

        public bool TryApply(AddressRecord record, out AddressRecord updated, out AccountState state, out string why)
        {
            updated = record;
            state = record.State;
            why = "";
            var kind = record.Kind;
            if (Kind is not null && !(Enum.TryParse(Kind, ignoreCase: true, out kind) && Enum.IsDefined(kind)))
            {
                why = "kind is one of account, alias, forwarded, moved and group";
            }
            else if (!StateNames.TryParse(State, record.State, out state))
            {
                why = StateNames.Rule;
            }
            else if (!TryParseAll(Targets, record.Targets, out var targets) || !TryParseAll(SendAs, [], out var sendAs))
            {
                why = "targets and sendAs are lists of addresses, local@domain";
            }
            else if (!HasRightTargets(kind, Kind is not null && Targets is null && kind is AddressKind.Account or AddressKind.Group ? targets = [] : targets))
            {
                why = $"an alias or a forwarded address has 1 to {MaxTargets} targets, a moved one has its new address as its one target, an account has none, and a group has members instead";
            }
            else if (!TryApply(record.Group, kind, out var group))
            {
                why = "a group has an owner, local@domain or \"\" for its postmaster, and posting, which is one of anyone, tenant and members; no other kind has these";
            }
            else if (QuotaBytes < 0)
            {
                why = "quotaBytes is a number of octets; 0 is unlimited";
            }
            else if (Password is not null && Verifiers.WhyUnusable(Password) is { } unusable)
            {
                why = unusable;
            }
            else
            {
                updated = record with
                {
                    Kind = kind,
                    Targets = targets,
                    QuotaBytes = QuotaBytes ?? record.QuotaBytes,
                    SendAs = SendAs is null ? record.SendAs : [.. sendAs.Select(a => a.Key)],
                    Verifier = Password is null ? record.Verifier : Verifiers.Create(Password),
                    Group = group,
                };
            }

            return why.Length == 0;
        }

        private bool TryApply(GroupSettings? before, AddressKind kind, out GroupSettings? group)
        {
            group = before;
            var (owner, posting) = (default(EmailAddress), before?.Posting ?? GroupPosting.Anyone);
            if ((Owner is { Length: > 0 } && !EmailAddress.TryParse(Owner, out owner))
                || (Posting is not null && !(Enum.TryParse(Posting, ignoreCase: true, out posting) && Enum.IsDefined(posting)))
                || (kind != AddressKind.Group && (Owner ?? Posting) is not null))
            {
                return false;
            }

            if ((Owner ?? Posting) is not null)
            {
                group = new() { Owner = Owner is null ? before?.Owner : Owner.Length == 0 ? null : owner, Posting = posting };
            }

            return true;
        }

        private static bool HasRightTargets(AddressKind kind, IReadOnlyList<EmailAddress> targets) => kind switch
        {
            AddressKind.Account or AddressKind.Group => targets.Count == 0,
            AddressKind.Moved => targets.Count == 1,
            _ => targets.Count is > 0 and <= MaxTargets,
        };

        private static bool TryParseAll(string[]? texts, IReadOnlyList<EmailAddress> otherwise, out IReadOnlyList<EmailAddress> addresses)
        {
            var parsed = new List<EmailAddress>();
            foreach (var text in texts ?? [])
            {
                if (!EmailAddress.TryParse(text, out var address))
                {
                    addresses = [];
                    return false;
                }

                parsed.Add(address);
            }

            addresses = texts is null ? otherwise : parsed;
            return true;
        }
    }
}

/// <summary>An address as the API shows it: never its verifier, only the verifier's scheme.</summary>
/// <param name="Owner">Who runs a group; null: the postmaster of its domain, or it is none.</param>
/// <param name="Posting">Who may send to a group; null: it is none.</param>
internal sealed record AddressView(
    string Address,
    string Tenant,
    AddressKind Kind,
    string? Account,
    IEnumerable<string> Targets,
    long QuotaBytes,
    IReadOnlyList<string> SendAs,
    string? PasswordScheme,
    AccountState State,
    string? Owner,
    GroupPosting? Posting)
{
    public static AddressView Of(AddressRecord record) => new(
        record.Address.Key,
        record.Tenant.Value,
        record.Kind,
        record.Account?.Value,
        record.Targets.Select(t => t.ToString()),
        record.QuotaBytes,
        record.SendAs,
        record.Verifier is { } verifier ? verifier[..(verifier.IndexOf('}', StringComparison.Ordinal) + 1)] : null,
        record.State,
        record.Kind == AddressKind.Group ? record.Group?.Owner?.ToString() : null,
        record.Kind == AddressKind.Group ? (record.Group ?? GroupSettings.None).Posting : null);
}

internal sealed record DeletedAddress(string Address, DateTimeOffset RestorableUntil);
