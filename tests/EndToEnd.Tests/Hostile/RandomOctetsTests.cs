using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>What is not the protocol comes to its end on every port.</summary>
[Collection(HostileCollection.Name)]
public sealed class RandomOctetsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. RandomOctets.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Every_port_outlives_what_is_not_its_protocol(string attack) => server.EnduresAsync(RandomOctets.All.Single(a => a.Name == attack), output);
}
