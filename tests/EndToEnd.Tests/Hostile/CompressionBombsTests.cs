using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>What a few octets stand for is bounded as if it had come in clear.</summary>
[Collection(HostileCollection.Name)]
public sealed class CompressionBombsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. CompressionBombs.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Compressed_octets_are_bounded_as_others(string attack) => server.EnduresAsync(CompressionBombs.All.Single(a => a.Name == attack), output);
}
