using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST /admin/v1/accounts/import</c>: lines <c>address,password</c> or <c>address,{SCHEME}hash</c> in UTF-8. Answers a JSON line for each as it is done. A bad line does not
/// stop the rest, and a repeat changes nothing that is as it should be. A domain beyond the caller's reach is not hosted here.
/// </summary>
internal sealed class AccountImport(IGrainFactory grains, ILogger<AccountImport> log)
{
    /// <summary>A million accounts with imported hashes are about 150 MB.</summary>
    private const long MaxFile = 1L << 30;

    public async Task RunAsync(HttpContext context, Caller caller, Act act)
    {
        var cancellationToken = context.RequestAborted;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaxFile;

        // The file is sent as fast as it is worked on, which may be slower than Kestrel's least rate.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        JsonLines.Begin(context.Response);
        var (number, done, failed) = (0, 0, 0);
        await foreach (var line in AccountLine.ReadAsync(context.Request.BodyReader, cancellationToken))
        {
            number++;
            if (line is { Length: 0 } || (number == 1 && string.Equals(line, "address,password", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var result = line is null ? new ImportedLine(number, null, null, $"the line is longer than {AccountLine.MaxLength} octets") : await ImportAsync(number, line, caller);
            (done, failed) = result.Error is null ? (done + 1, failed) : (done, failed + 1);
            await JsonLines.WriteAsync(context.Response, result, cancellationToken);
        }

        // Not each line: a million records would tell less.
        act.Changed(null, new { accounts = done, failed });
        log.Imported(done, failed);
    }

    private async Task<ImportedLine> ImportAsync(int number, string line, Caller caller)
    {
        if (!AccountLine.TryParse(line, out var account))
        {
            return new(number, null, null, "the line does not begin with an address and a comma");
        }

        var (address, secret, isVerifier) = account;
        if ((isVerifier ? Verifiers.WhyUnsupported(secret) : Verifiers.WhyUnusable(secret)) is { } why)
        {
            return new(number, address.Key, null, why);
        }

        try
        {
            return await StoreAsync(number, address, secret, isVerifier, caller);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.ImportFailed(number, address.Key, e);
            return new(number, address.Key, null, "it could not be stored: import the file again, which repeats no line that was done");
        }
    }

    private async Task<ImportedLine> StoreAsync(int number, EmailAddress address, string secret, bool isVerifier, Caller caller)
    {
        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() is not { } tenant || !caller.Reaches(tenant))
        {
            return new(number, address.Key, null, $"{address.AsciiDomain} is not hosted here: add it to a tenant first");
        }

        var grain = grains.GetGrain<IAddressGrain>(address.Key);
        var existing = await grain.GetAsync();
        if (existing is { Kind: not AddressKind.Account })
        {
            return new(number, address.Key, null, $"the address exists and is no account ({existing.Kind.ToString().ToLowerInvariant()})");
        }

        if (existing?.Verifier is { } verifier && (isVerifier ? verifier == secret : !Verifiers.NeedsRehash(verifier) && Verifiers.Verify(secret, verifier)))
        {
            return new(number, address.Key, "unchanged", null);
        }

        if (!isVerifier && await PasswordPolicy.WhyRefusedAsync(secret, address, tenant, grains) is { } refused)
        {
            return new(number, address.Key, null, refused);
        }

        var record = existing ?? new AddressRecord { Address = address, Tenant = tenant, Kind = AddressKind.Account };
        var result = await grain.PutAsync(record with { Verifier = isVerifier ? secret : Verifiers.Create(secret) });
        if (Addresses.LimitOf(result, tenant) is { } limit)
        {
            return new(number, address.Key, null, limit);
        }

        return result == PutAddressResult.NotHosted
            ? new(number, address.Key, null, $"{address.AsciiDomain} is not hosted for the account's tenant")
            : new(number, address.Key, result == PutAddressResult.Created ? "created" : "updated", null);
    }
}

/// <summary>What became of one line: either a result (created, updated, unchanged) or an error.</summary>
internal sealed record ImportedLine(int Line, string? Address, string? Result, string? Error);
