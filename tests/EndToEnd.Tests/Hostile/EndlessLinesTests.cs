using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Lines longer than a line may be are not kept.</summary>
[Collection(HostileCollection.Name)]
public sealed class EndlessLinesTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. EndlessLines.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Lines_without_an_end_take_no_memory(string attack) => server.EnduresAsync(EndlessLines.All.Single(a => a.Name == attack), output);
}
