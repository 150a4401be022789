using MailCloud.Hostile;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>Guesses are refused, and who knows the password is served meanwhile.</summary>
[Collection(HostileCollection.Name)]
public sealed class PasswordGuessingTests(HostileServer server, ITestOutputHelper output)
{
    public static TheoryData<string> Attacks => [.. PasswordGuessing.All.Select(attack => attack.Name)];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Guessing_keeps_nobody_out(string attack) => server.EnduresAsync(PasswordGuessing.All.Single(a => a.Name == attack), output);
}
