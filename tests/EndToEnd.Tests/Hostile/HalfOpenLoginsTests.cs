using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Logins that are not finished are ended.</summary>
[Collection(HostileCollection.Name)]
public sealed class HalfOpenLoginsTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. HalfOpenLogins.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Half_open_logins_end(string attack) => server.EnduresAsync(HalfOpenLogins.All.Single(a => a.Name == attack), output);
}
