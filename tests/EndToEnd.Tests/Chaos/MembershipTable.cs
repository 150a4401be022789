using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace MailCloud.EndToEnd.Tests.Chaos;

/// <summary>Orleans' table of silos as it stands in Redis: one hash, with a field for each silo.</summary>
internal static class MembershipTable
{
    /// <summary>SiloStatus.Active.</summary>
    private const int Active = 3;

    private const string Key = "mailcloud/members/mailcloud";

    /// <summary>The silos that are listed as alive, as <c>address:port:generation</c>; none when there is no table.</summary>
    public static async Task<IReadOnlyList<string>> ActiveSilosAsync(int port)
    {
        await using var connection = await ConnectAsync(port);
        var rows = await connection.GetDatabase().HashGetAllAsync(Key);
        return [.. rows.Where(row => row.Name != "Version" && IsActive(row.Value.ToString())).Select(row => row.Name.ToString()).Order(StringComparer.Ordinal)];
    }

    /// <summary>As after a restart without its data.</summary>
    public static async Task EmptyAsync(int port)
    {
        await using var connection = await ConnectAsync(port);
        await connection.GetServers()[0].FlushAllDatabasesAsync();
    }

    private static bool IsActive(string row)
    {
        using var entry = JsonDocument.Parse(row);
        return entry.RootElement.GetProperty("Status").GetInt32() == Active;
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(int port) => ConnectionMultiplexer.ConnectAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},allowAdmin=true"));
}
