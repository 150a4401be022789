using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>HTTP gives those without a token an answer or nothing.</summary>
[Collection(HostileCollection.Name)]
public sealed class HttpFloodsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. HttpFloods.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Http_answers_or_hangs_up(string attack) => server.EnduresAsync(HttpFloods.All.Single(a => a.Name == attack), output);
}
