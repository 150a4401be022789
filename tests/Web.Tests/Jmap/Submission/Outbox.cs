using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Submission;

/// <summary>Emails that accounts of a server send, and what becomes of them in the queue and in the spool.</summary>
internal sealed class Outbox(WebServer server)
{
    /// <summary>The account's own identity.</summary>
    public const string Own = "i00000000000000000000000000000000";

    public static string Message(JmapClient client, string to) => $"From: {client.Address}\nTo: {to}\nSubject: s\n\ntext";

    public static JsonObject Envelope(string from, string[] to, params (string Name, string Value)[] parameters) => new()
    {
        ["mailFrom"] = new JsonObject { ["email"] = from, ["parameters"] = new JsonObject(parameters.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)p.Value))) },
        ["rcptTo"] = new JsonArray([.. to.Select(email => new JsonObject { ["email"] = email })]),
    };

    public static Task<JsonObject> CreateAsync(JmapClient client, JsonObject given) => client.CallAsync("EmailSubmission/set", new() { ["create"] = new JsonObject { ["k"] = given } });

    public static async Task<(string Id, JsonObject Made)> SendAsync(JmapClient client, string email, JsonObject? envelope = null)
    {
        var result = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email, ["envelope"] = envelope });
        Assert.True(result["created"] is not null, result.ToJsonString());
        var made = result["created"]!["k"]!.AsObject();
        return ((string)made["id"]!, made);
    }

    /// <summary>The error of a submission that is not made; its type and, where it has one, its description.</summary>
    public static async Task<JsonObject> RefusedAsync(JmapClient client, string email, JsonObject? envelope = null)
    {
        var result = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email, ["envelope"] = envelope });
        Assert.True(result["notCreated"] is not null, result.ToJsonString());
        return result["notCreated"]!["k"]!.AsObject();
    }

    /// <summary>The Email's id.</summary>
    public Task<string> AppendAsync(JmapClient client, string text) => AppendAsync(client, text, DeliveryId.New(DateTimeOffset.UtcNow));

    public async Task<string> AppendAsync(JmapClient client, string text, DeliveryId id)
    {
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var octets = Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n").Replace("\n", "\r\n", StringComparison.Ordinal).Replace("bare\r\nreturn", "bare\rreturn", StringComparison.Ordinal));
        var name = BodyRef.NameFor(account.Tenant, id);
        await using var upload = server.Services.GetRequiredService<IMessageBlobs>().Create(name, [BodyOwner.Mailbox(account)]);
        await upload.WriteAsync(octets, CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
        using var stream = new MemoryStream(octets);
        var summary = await MessageParser.SummariseAsync(stream, CancellationToken.None);
        var appended = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>(account.Value).AppendAsync(
            new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [new() { Body = new(name, octets.Length), Summary = summary, InternalDate = DateTimeOffset.UtcNow }] });
        Assert.Equal(WriteOutcome.Done, appended.Outcome);
        return ObjectIds.OfEmail(id.Value);
    }

    /// <summary>What the queue has by the submission's own id.</summary>
    public Task<List<QueuedMessage>> QueuedAsync(string submission) => FindAsync(entry => $"s{entry.Id}" == submission);

    public async Task<List<QueuedMessage>> FindAsync(Func<QueuedMessage, bool> matches)
    {
        var found = new List<QueuedMessage>();
        await foreach (var entry in server.Services.GetRequiredService<IMailQueue>().ListAsync(CancellationToken.None))
        {
            if (matches(entry))
            {
                found.Add(entry);
            }
        }

        return found;
    }

    /// <summary>What the queue has of a submission, by one id however often.</summary>
    public async Task<QueuedMessage> SingleAsync(string submission) => Assert.Single((await QueuedAsync(submission)).DistinctBy(entry => entry.Id));

    public async Task<string> BodyAsync(QueuedMessage entry) =>
        Encoding.UTF8.GetString((await server.Services.GetRequiredService<IMessageBlobs>().ReadAsync(entry.Body.Name, 0, (int)entry.Body.Length, CancellationToken.None)).Span);

    public async Task<int> WaitingAsync(string submission)
    {
        var (status, body) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool/{submission[1..]}");
        return status == HttpStatusCode.NotFound ? 0 : body.GetProperty("entries").GetArrayLength();
    }
}
