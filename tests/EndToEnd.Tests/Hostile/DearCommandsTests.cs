using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>No command costs more than its length and the mailbox explain.</summary>
[Collection(HostileCollection.Name)]
public sealed class DearCommandsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. DearCommands.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Dear_commands_cost_what_their_length_says(string attack) => server.EnduresAsync(DearCommands.All.Single(a => a.Name == attack), output);
}
