using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Messages that are hard to take apart are delivered and shown.</summary>
[Collection(HostileCollection.Name)]
public sealed class MailBombsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. MailBombs.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Mails_that_are_bombs_are_shown(string attack) => server.EnduresAsync(MailBombs.All.Single(a => a.Name == attack), output);
}
