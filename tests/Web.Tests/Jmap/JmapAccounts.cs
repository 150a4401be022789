using System.Security.Cryptography;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>What is behind addresses, for tests that look at it from the other side.</summary>
internal static class JmapAccounts
{
    public static async Task<AccountId> FindAsync(WebServer server, string address) =>
        (await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(address).GetAsync())!.Account!.Value;

    /// <summary>Names of blobs.</summary>
    public static async Task<IReadOnlyList<string>> UploadsAsync(WebServer server, string address)
    {
        var prefix = UploadedBlobs.PrefixFor(await FindAsync(server, address));
        return await server.Services.GetRequiredService<IMessageBlobs>().ListAsync(prefix, CancellationToken.None).Select(blob => blob.Name).ToListAsync();
    }

    /// <summary>Reads an answer without holding it: how many octets, and their SHA-256.</summary>
    public static async Task<(long Octets, string Digest)> ReadAsync(this HttpClient http, HttpRequestMessage request)
    {
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (piece, octets) = (new byte[64 * 1024], 0L);
        for (int read; (read = await body.ReadAsync(piece)) > 0; octets += read)
        {
            hash.AppendData(piece.AsSpan(0, read));
        }

        return (octets, Convert.ToHexString(hash.GetHashAndReset()));
    }
}
