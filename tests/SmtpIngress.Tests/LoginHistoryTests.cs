using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Standing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class LoginHistoryTests(ServerFixture server)
{
    [Theory]
    [InlineData("erin@example.test", "mailcloud", "235", LoginResult.Ok)]
    [InlineData("erin@example.test", "wrong", "535", LoginResult.Wrong)]
    [InlineData("frozen@example.test", "mailcloud", "525", LoginResult.Suspended)]
    public async Task An_attempt_to_authenticate_stands_in_the_accounts_history(string user, string password, string answer, LoginResult result)
    {
        var submission = new PipedServer(server.Services, new());
        var client = $"127.7.0.{(int)result}";
        using var session = await submission.GreetAsync(client, Listener.Submission);
        Assert.StartsWith(answer, await session.SayAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}"))}"), StringComparison.Ordinal);

        await server.Services.GetRequiredService<LoginHistory>().TellAsync(everything: true, CancellationToken.None);
        var told = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ILoginsGrain>(user).ListAsync();
        Assert.Equal(new(LoginProtocols.Smtp, client, "PLAIN", null, result), Assert.Single(told, row => row.Kind.Network == client).Kind);
    }
}
