using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>What is announced and never sent takes no memory.</summary>
[Collection(HostileCollection.Name)]
public sealed class UnfinishedLiteralsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. UnfinishedLiterals.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task What_is_only_announced_takes_no_memory(string attack) => server.EnduresAsync(UnfinishedLiterals.All.Single(a => a.Name == attack), output);
}
