using System.IO.Pipelines;
using System.Threading.Channels;
using MailCloud.Blobs;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>PUT /admin/v1/jobs/{id}/input</c>: the lines of an import of accounts, as <see cref="AccountImport"/> takes them. Each is made ready while it is read, so that no password is stored: one in
/// clear is checked against the tenant's rules and becomes a verifier, the account's present one when it is the same password. Then the job has its input, and needs neither the file nor this edge.
/// </summary>
internal sealed class AccountUpload(IGrainFactory grains, IMessageBlobs blobs)
{
    /// <summary>A million accounts with imported hashes are about 150 MB.</summary>
    private const long MaxFile = 1L << 30;

    /// <summary>Lines that are made ready at a time.</summary>
    private const int Lanes = 32;

    public async Task<IResult> RunAsync(string id, HttpContext context, Caller caller, Act act)
    {
        if (await Jobs.FindAsync(id, caller, grains) is not { } job)
        {
            return Jobs.None(id);
        }

        if (!job.AwaitsInput)
        {
            return Taken(id);
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaxFile;

        // Passwords are hashed as fast as the processor does, which may be slower than Kestrel's least rate.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        var blob = $"{JobInputs.PrefixOf(job.Spec.Tenant, id)}{Guid.CreateVersion7():N}";
        var lines = await StoreAsync(blob, context.Request.BodyReader, job.Spec.Tenant, context.RequestAborted);
        var grain = grains.GetGrain<IJobGrain>(id);
        if (!await grain.TakeInputAsync(blob, lines))
        {
            await blobs.DeleteAsync([blob], CancellationToken.None);
            return Taken(id);
        }

        act.Changed(null, new { lines });
        return await Jobs.FindAsync(id, caller, grains) is { } begun ? Results.Ok(JobView.Of(begun)) : Jobs.None(id);
    }

    private static IResult Taken(string id) => Problem.Conflict($"job {id} takes no input, or has it, or has ended");

    // How many lines it has.
    private async Task<long> StoreAsync(string blob, PipeReader body, TenantId? reach, CancellationToken cancellationToken)
    {
        await using var upload = blobs.Create(blob, owners: []);
        var underWay = Channel.CreateBounded<Task<AccountToImport>>(new BoundedChannelOptions(Lanes) { SingleReader = true, SingleWriter = true });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(body, reach, underWay.Writer, ended.Token);
        var lines = 0L;
        try
        {
            await foreach (var line in underWay.Reader.ReadAllAsync(cancellationToken))
            {
                await upload.WriteAsync(JobInputs.Write(await line), cancellationToken);
                lines++;
            }

            await reading;
        }
        finally
        {
            // Nothing of the request is touched once this returns.
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await upload.CommitAsync(cancellationToken);
        return lines;
    }

    private async Task ReadAsync(PipeReader body, TenantId? reach, ChannelWriter<Task<AccountToImport>> underWay, CancellationToken cancellationToken)
    {
        var number = 0;
        try
        {
            await foreach (var line in AccountLine.ReadAsync(body, cancellationToken))
            {
                number++;
                if (!AccountLine.IsBlank(line, number))
                {
                    var place = number;
                    await underWay.WriteAsync(Task.Run(() => PrepareAsync(place, line, reach), cancellationToken), cancellationToken);
                }
            }

            underWay.Complete();
        }
        catch (Exception e)
        {
            underWay.Complete(e);
        }
    }

    private async Task<AccountToImport> PrepareAsync(int number, string? line, TenantId? reach)
    {
        if (AccountLine.WhyUnreadable(line, out var account) is { } unreadable)
        {
            return new(number, null, null, unreadable);
        }

        var (address, secret, isVerifier) = account;
        if ((isVerifier ? Verifiers.WhyUnsupported(secret) : Verifiers.WhyUnusable(secret)) is { } unusable)
        {
            return new(number, address.ToString(), null, unusable);
        }

        if (isVerifier)
        {
            return new(number, address.ToString(), secret, null);
        }

        // The job looks again whether the domain is there; here it saves the work of a hash.
        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() is not { } tenant || (reach is not null && reach != tenant))
        {
            return new(number, address.ToString(), null, $"{address.AsciiDomain} is not hosted here: add it to a tenant first");
        }

        if (await grains.GetGrain<IAddressGrain>(address.Key).GetAsync() is { Verifier: { } present } && !Verifiers.NeedsRehash(present) && Verifiers.Verify(secret, present))
        {
            return new(number, address.ToString(), present, null);
        }

        return await PasswordPolicy.WhyRefusedAsync(secret, address, tenant, grains) is { } refused
            ? new(number, address.ToString(), null, refused)
            : new(number, address.ToString(), Verifiers.Create(secret), null);
    }
}
