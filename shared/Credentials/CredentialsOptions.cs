using System.Net;

namespace MailCloud.Credentials;

/// <summary>Section <c>Credentials</c>.</summary>
internal sealed record CredentialsOptions
{
    /// <summary>
    /// Base64 of at least 16 octets, the same in every process: makes the salts of names without a SCRAM verifier. Empty: made up for this run.
    /// </summary>
    public string Secret { get; init; } = "";

    /// <summary>Networks from which guessing is not slowed, comma-separated; loopback carries tests and local programs, as in Smtp:UnlimitedNetworks.</summary>
    public string UnlimitedNetworks { get; init; } = "127.0.0.0/8,::1/128";

    internal static IReadOnlyList<IPNetwork> Networks(string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => IPNetwork.TryParse(n, out var network) ? network : throw new InvalidOperationException("Credentials:UnlimitedNetworks must be networks as address/bits, separated by commas"))];
}
