using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Clients that send nothing, or an octet now and then, are sent away in time at every point where the server waits.</summary>
[Collection(HostileCollection.Name)]
public sealed class SlowLorisTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. SlowLoris.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Slow_clients_are_sent_away(string attack) => server.EnduresAsync(SlowLoris.All.Single(a => a.Name == attack), output);
}
