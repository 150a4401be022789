using System.IO.Pipelines;
using System.Threading.Channels;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST /admin/v1/accounts/import?firstLine=</c>: lines <c>address,password</c> or <c>address,{SCHEME}hash</c> in UTF-8. Answers a JSON line for each as it is done, in the
/// order of the lines. A bad line does not stop the rest, and a repeat changes nothing that is as it should be. Lines of one address are done one after the other, those of others
/// beside one another. A domain beyond the caller's reach is not hosted here.
/// </summary>
internal sealed class AccountImport(IGrainFactory grains, ILogger<AccountImport> log)
{
    /// <summary>A million accounts with imported hashes are about 150 MB.</summary>
    private const long MaxFile = 1L << 30;

    /// <summary>Lines that are worked on at a time. Making an account is six writes one after the other, and a store commits those of many accounts together.</summary>
    private const int Lanes = 32;

    /// <summary>
    /// Lines that are read before the first of their answers is taken, 4 MB at most: as many as the operator's command sends in one request, so that a client that reads no answer
    /// before it has sent all never waits for a server that waits for it.
    /// </summary>
    private const int ReadAhead = 1000;

    public async Task RunAsync(HttpContext context, Caller caller, Act act, int firstLine)
    {
        var cancellationToken = context.RequestAborted;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaxFile;

        // The file is sent as fast as it is worked on, which may be slower than Kestrel's least rate.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        JsonLines.Begin(context.Response);
        var underWay = Channel.CreateBounded<Task<ImportedLine>>(new BoundedChannelOptions(ReadAhead) { SingleReader = true, SingleWriter = true });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(context.Request.BodyReader, caller, firstLine, underWay.Writer, ended.Token);
        var (done, failed) = (0, 0);
        try
        {
            await foreach (var importing in underWay.Reader.ReadAllAsync(cancellationToken))
            {
                var result = await importing;
                (done, failed) = result.Error is null ? (done + 1, failed) : (done, failed + 1);
                await JsonLines.WriteAsync(context.Response, result, cancellationToken);
            }

            await reading;
        }
        finally
        {
            // Nothing of the request is touched once this returns.
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Not each line: a million records would tell less.
        act.Changed(null, new { accounts = done, failed });
        log.Imported(done, failed);
    }

    private async Task ReadAsync(PipeReader body, Caller caller, int firstLine, ChannelWriter<Task<ImportedLine>> underWay, CancellationToken cancellationToken)
    {
        var lanes = new Task<ImportedLine>?[Lanes];
        var number = firstLine - 1;
        try
        {
            await foreach (var line in AccountLine.ReadAsync(body, cancellationToken))
            {
                number++;
                if (AccountLine.IsBlank(line, number))
                {
                    continue;
                }

                var unreadable = AccountLine.WhyUnreadable(line, out var account);
                var lane = unreadable is null ? (uint)string.GetHashCode(account.Address.Key, StringComparison.Ordinal) % Lanes : 0;
                lanes[lane] = ImportAfterAsync(lanes[lane], number, unreadable, account, caller);
                await underWay.WriteAsync(lanes[lane]!, cancellationToken);
            }

            underWay.Complete();
        }
        catch (Exception e)
        {
            underWay.Complete(e);
        }
    }

    private async Task<ImportedLine> ImportAfterAsync(Task<ImportedLine>? before, int number, string? unreadable, AccountLine account, Caller caller)
    {
        await (before ?? Task.CompletedTask);
        return unreadable is not null ? new(number, null, null, unreadable) : await Task.Run(() => ImportAsync(number, account, caller));
    }

    private async Task<ImportedLine> ImportAsync(int number, AccountLine account, Caller caller)
    {
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
        if (PutAddressRefusals.LimitOf(result, tenant) is { } limit)
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
