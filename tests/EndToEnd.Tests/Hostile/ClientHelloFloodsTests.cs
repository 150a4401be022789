using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Handshakes that are begun and left end in time.</summary>
[Collection(HostileCollection.Name)]
public sealed class ClientHelloFloodsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. ClientHelloFloods.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Handshakes_that_are_left_end_in_time(string attack) => server.EnduresAsync(ClientHelloFloods.All.Single(a => a.Name == attack), output);
}
