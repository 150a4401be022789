using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Who takes no answer is not read from any more, and is cut off.</summary>
[Collection(HostileCollection.Name)]
public sealed class UntakenRepliesTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. UntakenReplies.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Who_takes_nothing_is_cut_off(string attack) => server.EnduresAsync(UntakenReplies.All.Single(a => a.Name == attack), output);
}
