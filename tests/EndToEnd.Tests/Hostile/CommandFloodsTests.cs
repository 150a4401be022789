using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Commands without end are answered, or end the session.</summary>
[Collection(HostileCollection.Name)]
public sealed class CommandFloodsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. CommandFloods.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Floods_are_held_back(string attack) => server.EnduresAsync(CommandFloods.All.Single(a => a.Name == attack), output);
}
