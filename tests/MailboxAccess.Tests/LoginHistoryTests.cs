using System.Diagnostics.Metrics;
using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What an account's history says of attempts over IMAP and POP3, and when it says it.</summary>
public sealed class LoginHistoryTests(ImapServer server) : IClassFixture<ImapServer>
{
    private static readonly LoginKind Own = new(LoginProtocols.Imap, "127.0.0.1", "password", null, LoginResult.Ok);

    private LoginHistory History => server.Services.GetRequiredService<LoginHistory>();

    [Fact]
    public async Task Logins_and_failures_are_told_with_their_protocol_and_means()
    {
        var user = await server.CreateAccountAsync();
        var secret = AppPasswordSecret.New();
        var phone = new AppPassword { Id = Guid.NewGuid(), Name = "phone", Scopes = LoginProtocols.Imap, MadeAt = DateTimeOffset.UtcNow };
        await Grain<IAppPasswordsGrain>(user).AddAsync(phone, AppPasswordSecret.DigestOf(secret)!);

        await SayAsync($"LOGIN {user} wrong", "NO");
        await SayAsync($"LOGIN {user} {ImapServer.Password}", "OK");
        await SayAsync($"LOGIN {user} {ImapServer.Password}", "OK");
        await SayAsync($"AUTHENTICATE PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{secret}"))}", "OK");
        await using (var maildrop = await Pop3Client.ConnectAsync(server.Pop3EndPoint))
        {
            await maildrop.SayOkAsync($"USER {user}");
            await maildrop.SayOkAsync($"PASS {ImapServer.Password}");
        }

        await Grain<IAddressGrain>(user).SetStateAsync(AccountState.Suspended);
        await SayAsync($"LOGIN {user} {ImapServer.Password}", "NO");
        await History.TellAsync(everything: true, CancellationToken.None);

        Assert.Equal(
            [
                (Own with { Result = LoginResult.Wrong }, 1),
                (Own, 2),
                (Own with { Means = "PLAIN", AppPassword = "phone" }, 1),
                (Own with { Protocol = LoginProtocols.Pop }, 1),
                (Own with { Result = LoginResult.Suspended }, 1),
            ],
            (await Grain<ILoginsGrain>(user).ListAsync()).Select(row => (row.Kind, row.Count)));
    }

    [Fact]
    public async Task A_repeated_login_is_told_at_once_and_then_every_ten_minutes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var user = await server.CreateAccountAsync();
        using var history = ActivatorUtilities.CreateInstance<LoginHistory>(server.Services, time);
        var record = await Grain<IAddressGrain>(user).GetAsync();
        foreach (var (minutes, told) in new[] { (0, 1), (1, 1), (8, 1), (1, 4), (1, 4) })
        {
            time.Advance(TimeSpan.FromMinutes(minutes));
            history.Note(record, Own);
            await history.TellAsync(everything: false, CancellationToken.None);
            Assert.Equal(told, Assert.Single(await Grain<ILoginsGrain>(user).ListAsync()).Count);
        }

        await history.TellAsync(everything: true, CancellationToken.None);
        Assert.Equal(5, Assert.Single(await Grain<ILoginsGrain>(user).ListAsync()).Count);
    }

    [Fact]
    public async Task What_does_not_fit_is_counted_and_there_is_room_again_when_it_was_told()
    {
        var user = await server.CreateAccountAsync();
        using var history = ActivatorUtilities.CreateInstance<LoginHistory>(server.Services);
        var lost = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "mailcloud.standing.logins_lost" && instrument.Meter.Scope == server.Services.GetRequiredService<IMeterFactory>())
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => lost.Add($"{count} {tags[0].Value}"));
        listener.Start();
        var record = await Grain<IAddressGrain>(user).GetAsync();
        Note(0, LoginHistory.Capacity + 2);
        Assert.Equal(["1 full", "1 full"], lost);

        await history.TellAsync(everything: false, CancellationToken.None);
        await history.TellAsync(everything: false, CancellationToken.None);
        Note(LoginHistory.Capacity, LoginHistory.Capacity);
        Assert.Equal(2, lost.Count);

        void Note(int first, int count)
        {
            foreach (var i in Enumerable.Range(first, count))
            {
                history.Note(record, Own with { Network = $"{i}" });
            }
        }
    }

    [Fact]
    public async Task The_timer_tells_and_names_of_nobody_are_not_noted()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var own = new ImapServer { Time = time };
        await own.InitializeAsync();
        try
        {
            var user = await own.CreateAccountAsync();
            await using var client = await ImapClient.ConnectAsync(own.EndPoint);
            await client.RunAsync("LOGIN nobody@example.test wrong");
            await client.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
            time.Advance(TimeSpan.FromSeconds(30));

            var logins = own.Services.GetRequiredService<IGrainFactory>();
            while ((await logins.GetGrain<ILoginsGrain>(user).ListAsync()).Count == 0)
            {
                await Task.Yield();
            }

            Assert.Empty(await logins.GetGrain<ILoginsGrain>("nobody@example.test").ListAsync());
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private TGrain Grain<TGrain>(string user)
        where TGrain : IGrainWithStringKey => server.Services.GetRequiredService<IGrainFactory>().GetGrain<TGrain>(user);

    private async Task SayAsync(string command, string answer)
    {
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.StartsWith(answer, (await client.RunAsync(command))[^1], StringComparison.Ordinal);
    }
}
