using System.Buffers;
using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST /admin/accounts/import</c>: lines <c>address,password</c> or <c>address,{SCHEME}hash</c> in UTF-8. Answers a JSON line for each as it is done. A bad line does not
/// stop the rest, and a repeat changes nothing that is as it should be.
/// </summary>
internal sealed class AccountImport(IGrainFactory grains, ILogger<AccountImport> log)
{
    /// <summary>Octets: an address of 320, a password of 1,024, and room for quoting.</summary>
    private const int MaxLine = 4096;

    /// <summary>A million accounts with imported hashes are about 150 MB.</summary>
    private const long MaxFile = 1L << 30;

    public async Task RunAsync(HttpContext context)
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
        await foreach (var line in ReadLinesAsync(context, cancellationToken))
        {
            number++;
            if (line is { Length: 0 } || (number == 1 && string.Equals(line, "address,password", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var result = line is null ? new ImportedLine(number, null, null, $"the line is longer than {MaxLine} octets") : await ImportAsync(number, line);
            (done, failed) = result.Error is null ? (done + 1, failed) : (done, failed + 1);
            await JsonLines.WriteAsync(context.Response, result, cancellationToken);
        }

        log.Imported(done, failed);
    }

    private async Task<ImportedLine> ImportAsync(int number, string line)
    {
        var comma = line.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !EmailAddress.TryParse(line[..comma].Trim(), out var address))
        {
            return new(number, null, null, "the line does not begin with an address and a comma");
        }

        var secret = Unquote(line[(comma + 1)..]);
        var isVerifier = secret.StartsWith('{') && secret.Contains('}', StringComparison.Ordinal);
        if ((isVerifier ? Verifiers.WhyUnsupported(secret) : Verifiers.WhyUnusable(secret)) is { } why)
        {
            return new(number, address.Key, null, why);
        }

        try
        {
            return await StoreAsync(number, address, secret, isVerifier);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.ImportFailed(number, address.Key, e);
            return new(number, address.Key, null, "it could not be stored: import the file again, which repeats no line that was done");
        }
    }

    private async Task<ImportedLine> StoreAsync(int number, EmailAddress address, string secret, bool isVerifier)
    {
        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() is not { } tenant)
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

        var record = existing ?? new AddressRecord { Address = address, Tenant = tenant, Kind = AddressKind.Account };
        var result = await grain.PutAsync(record with { Verifier = isVerifier ? secret : Verifiers.Create(secret) });
        return result == PutAddressResult.NotHosted
            ? new(number, address.Key, null, $"{address.AsciiDomain} is not hosted for the account's tenant")
            : new(number, address.Key, result == PutAddressResult.Created ? "created" : "updated", null);
    }

    /// <summary>RFC 4180 §2: a field in quotes. A hash in {SCRAM-SHA-256} holds commas and may stand without them: nothing follows it.</summary>
    private static string Unquote(string field)
    {
        var trimmed = field.Trim();
        return trimmed.Length > 1 && trimmed[0] == '"' && trimmed[^1] == '"' ? trimmed[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : field.TrimEnd('\r');
    }

    /// <summary>The body's lines; null stands for one that is too long.</summary>
    private static async IAsyncEnumerable<string?> ReadLinesAsync(
        HttpContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = context.Request.BodyReader;
        var skipping = false;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                yield return skipping || line.Length > MaxLine ? null : Encoding.UTF8.GetString(line).TrimStart('\uFEFF').TrimEnd('\r');
                skipping = false;
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length > MaxLine)
            {
                skipping = true;
                buffer = buffer.Slice(buffer.End);
            }

            if (read.IsCompleted)
            {
                if (skipping || buffer.Length > 0)
                {
                    yield return skipping ? null : Encoding.UTF8.GetString(buffer).TrimStart('\uFEFF').TrimEnd('\r');
                }

                // A read that is not ended makes Kestrel log an error when it looks for what the request has left.
                reader.AdvanceTo(read.Buffer.End);
                yield break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}

/// <summary>What became of one line: either a result (created, updated, unchanged) or an error.</summary>
internal sealed record ImportedLine(int Line, string? Address, string? Result, string? Error);
