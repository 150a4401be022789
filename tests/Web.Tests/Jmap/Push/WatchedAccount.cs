using System.Net;
using System.Net.Http.Headers;
using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>An account whose mailbox a test changes while clients wait for it.</summary>
internal sealed class WatchedAccount
{
    private readonly WebServer server;
    private string import = "";
    private int filed;

    private WatchedAccount(WebServer server, JmapClient client, AccountId account) => (this.server, Client, Id) = (server, client, account);

    public JmapClient Client { get; }

    public AccountId Id { get; }

    public AuthenticationHeaderValue Password { get; private init; } = null!;

    private string Mailbox => $"/admin/v1/mailboxes/{Client.Address}";

    public static async Task<WatchedAccount> MakeAsync(WebServer server, string user)
    {
        var client = await JmapClient.MakeAsync(server, user);
        var account = new WatchedAccount(server, client, await JmapAccounts.FindAsync(server, client.Address))
        {
            Password = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.Address}:{JmapClient.Password}"))),
        };
        account.import = (await server.SendAsync(HttpMethod.Post, $"{account.Mailbox}/imports")).Body.GetProperty("id").GetString()!;
        await account.FileAsync();
        return account;
    }

    /// <summary>A new message; returns the state then.</summary>
    public async Task<string> FileAsync()
    {
        using var content = new StringContent("Subject: one\r\n\r\ntext");
        using var response = await server.Admin.PutAsync($"{Mailbox}/imports/{import}/k{filed++}?folder=INBOX", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await StateAsync();
    }

    /// <summary>A new folder, which is no new message.</summary>
    public async Task<string> MakeFolderAsync(string name)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"{Mailbox}/folders?folder={name}")).Status);
        return await StateAsync();
    }

    public async Task<string> StateAsync() => $"{await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmailGrain>(Id.Value).GetStateAsync()}";
}
