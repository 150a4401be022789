using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>A client that writes mail, and what the mailbox then has.</summary>
internal sealed class WrittenMail(WebServer server, JmapClient client)
{
    public JmapClient Client => client;

    public string Inbox { get; private set; } = "";

    public static async Task<WrittenMail> MakeAsync(WebServer server, string user)
    {
        var mail = new WrittenMail(server, await JmapClient.MakeAsync(server, user));
        mail.Inbox = ObjectIds.OfFolder((await (await mail.FoldersAsync()).ListFoldersAsync()).Single(f => f.Name == "INBOX").Id);
        return mail;
    }

    public async Task<IMailboxGrain> FoldersAsync() =>
        server.Services.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>((await JmapAccounts.FindAsync(server, client.Address)).Value);

    public async Task<IEmailGrain> EmailsAsync() =>
        server.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmailGrain>((await JmapAccounts.FindAsync(server, client.Address)).Value);

    public async Task<string> StateAsync() => $"{await (await EmailsAsync()).GetStateAsync()}";

    /// <summary>An Email as the mailbox has it.</summary>
    public async Task<EmailRecord?> FindAsync(string id) => (await (await EmailsAsync()).GetAsync([Guid.ParseExact(id[1..], "N")], withContent: false)).Emails.SingleOrDefault();

    public async Task<IReadOnlyList<string>> KeywordsAsync() => (await (await FoldersAsync()).OpenFolderAsync("INBOX", claimRecent: false))!.Keywords;

    /// <summary>Sets one creation, in the Inbox unless it says otherwise; it succeeds.</summary>
    public async Task<JsonObject> CreateAsync(string json)
    {
        var result = await SetAsync(json);
        Assert.True(result["created"] is not null, result.ToJsonString());
        return result["created"]!["k"]!.AsObject();
    }

    /// <summary>The SetError of a creation, which fails.</summary>
    public async Task<JsonObject> RefuseAsync(string json)
    {
        var result = await SetAsync(json);
        Assert.True(result["notCreated"] is not null, result.ToJsonString());
        Assert.Null(result["created"]);
        return result["notCreated"]!["k"]!.AsObject();
    }

    public Task<JsonObject> SetAsync(string json)
    {
        var email = JsonNode.Parse(json)!.AsObject();
        if (!email.ContainsKey("mailboxIds"))
        {
            email["mailboxIds"] = new JsonObject { [Inbox] = true };
        }

        return client.CallAsync("Email/set", new() { ["create"] = new JsonObject { ["k"] = email } });
    }

    /// <summary>The octets of a message as stored.</summary>
    public async Task<byte[]> OctetsAsync(string blobId)
    {
        var (status, _, body) = await client.DownloadAsync(blobId);
        Assert.Equal(System.Net.HttpStatusCode.OK, status);
        return body;
    }

    public async Task<MimeMessage> MessageAsync(JsonObject created)
    {
        var octets = await OctetsAsync((string)created["blobId"]!);
        Assert.Equal(octets.Length, (long)created["size"]!);

        // Every line ends in CRLF, and there are no others.
        Assert.DoesNotMatch("\r(?!\n)|(?<!\r)\n", Encoding.Latin1.GetString(octets));
        return await MimeMessage.LoadAsync(new MemoryStream(octets));
    }

    public async Task<string> MakeFolderAsync(string name)
    {
        var result = await client.CallAsync("Mailbox/set", new() { ["create"] = new JsonObject { ["k"] = new JsonObject { ["name"] = name } } });
        return (string)result["created"]!["k"]!["id"]!;
    }

    public static async Task<byte[]> DecodeAsync(MimePart part)
    {
        using var octets = new MemoryStream();
        await part.Content!.DecodeToAsync(octets);
        return octets.ToArray();
    }
}
