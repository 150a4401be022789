using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class AppPasswordTests(ServerFixture server)
{
    [Fact]
    public async Task One_opens_submission_and_its_session_ends_when_it_is_revoked()
    {
        var submission = new PipedServer(server.Services, new());
        var passwords = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAppPasswordsGrain>("bob@example.test");
        var (secret, id) = await AddAsync(passwords, LoginProtocols.Smtp);
        var (other, _) = await AddAsync(passwords, LoginProtocols.Imap);
        using var refused = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        Assert.StartsWith("535 5.7.8 ", await AuthenticateAsync(refused, other), StringComparison.Ordinal);
        using var client = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        Assert.StartsWith("235 ", await AuthenticateAsync(client, secret), StringComparison.Ordinal);
        using var own = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        Assert.StartsWith("235 ", await AuthenticateAsync(own, "mailcloud"), StringComparison.Ordinal);

        await passwords.RemoveAsync(id);

        Assert.StartsWith("421 4.7.0 ", await client.SayAsync("MAIL FROM:<bob@example.test>"), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
        Assert.StartsWith("250 ", await own.SayAsync("MAIL FROM:<bob@example.test>"), StringComparison.Ordinal);
        Assert.StartsWith("535 5.7.8 ", await AuthenticateAsync(refused, secret), StringComparison.Ordinal);
    }

    private static Task<string> AuthenticateAsync(PipedClient client, string password) =>
        client.SayAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0bob@example.test\0{password}"))}");

    private static async Task<(string Secret, Guid Id)> AddAsync(IAppPasswordsGrain passwords, LoginProtocols scopes)
    {
        var (secret, id) = (AppPasswordSecret.New(), Guid.NewGuid());
        await passwords.AddAsync(new() { Id = id, Name = $"{id}", Scopes = scopes, MadeAt = DateTimeOffset.UtcNow }, AppPasswordSecret.DigestOf(secret)!);
        return (secret, id);
    }
}
