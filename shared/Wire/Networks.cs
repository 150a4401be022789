using System.Net;

namespace MailCloud.Wire;

/// <summary>Networks as they stand in settings: <c>address/bits</c>, separated by commas.</summary>
public static class Networks
{
    /// <exception cref="InvalidOperationException">One is no network; <see cref="AreValid"/> says so before.</exception>
    public static IReadOnlyList<IPNetwork> Parse(string list) =>
        [.. Split(list).Select(n => IPNetwork.TryParse(n, out var network) ? network : throw new InvalidOperationException($"{n} is no network as address/bits"))];

    public static bool AreValid(string list) => Split(list).All(n => IPNetwork.TryParse(n, out _));

    /// <summary>True when the address is in one of the networks.</summary>
    public static bool Contain(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(n => n.Contains(plain));
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
