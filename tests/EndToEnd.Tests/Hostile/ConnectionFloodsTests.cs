using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Connections leave nothing behind.</summary>
[Collection(HostileCollection.Name)]
public sealed class ConnectionFloodsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. ConnectionFloods.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Connections_leave_nothing_behind(string attack) => server.EnduresAsync(ConnectionFloods.All.Single(a => a.Name == attack), output);
}
