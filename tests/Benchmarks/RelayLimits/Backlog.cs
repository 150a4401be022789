using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;

namespace MailCloud.Benchmarks.RelayLimits;

/// <summary>Puts messages of a tenant that has many where LocalDelivery would have put them, without their way through submission and queue.</summary>
internal sealed class Backlog(IHost client, string destination)
{
    private const int EntriesAtATime = 500;
    private const int BodiesAtATime = 16;
    private static readonly TenantId Tenant = new("bulk");
    private static readonly byte[] Body = [.. "From: news@bulk.example\r\nSubject: news\r\n\r\n"u8, .. Enumerable.Repeat("sixty-four octets of news that somebody has asked for, perhaps\r\n"u8.ToArray(), 64).SelectMany(line => line)];

    /// <param name="count">How many messages.</param>
    /// <param name="withBody">So many of them, the oldest, have a body of their own in the store. The others stand wholly in their entries: nobody comes to them while it is measured.</param>
    public async Task QueueAsync(int count, int withBody, CancellationToken cancellationToken)
    {
        var accepted = DateTimeOffset.UtcNow;
        var spool = client.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of(destination));
        for (var first = 0; first < count; first += EntriesAtATime)
        {
            var entries = Enumerable.Range(first, Math.Min(EntriesAtATime, count - first)).Select(i => Entry(i, accepted.AddMilliseconds(i - count), i < withBody)).ToArray();
            await Parallel.ForEachAsync(
                entries.Where(entry => entry.Message.Body.Length > 0), new ParallelOptions { MaxDegreeOfParallelism = BodiesAtATime, CancellationToken = cancellationToken }, WriteAsync);
            await spool.AddAsync(entries);
        }
    }

    private SpoolEntry Entry(int number, DateTimeOffset accepted, bool withBody)
    {
        var id = DeliveryId.New(accepted);
        var recipient = new EmailAddress($"reader{number}", destination);
        var name = $"Message-ID: <{id}@bulk.example>\r\n";
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = accepted,
            Message = new()
            {
                Id = id,
                Tenant = Tenant,
                Body = new(BodyRef.NameFor(Tenant, id), withBody ? Body.Length : 0),
                Trace = withBody ? name : $"{name}From: news@bulk.example\r\nSubject: news\r\n\r\nin short\r\n",
                Envelope = new() { Sender = new("news", "bulk.example"), Recipients = [new() { Address = recipient, Remote = [recipient] }] },
            },
        };
    }

    private async ValueTask WriteAsync(SpoolEntry entry, CancellationToken cancellationToken)
    {
        await using var upload = client.Services.GetRequiredService<IMessageBlobs>().Create(entry.Message.Body.Name, [BodyOwner.Spool(entry.Message.Id, entry.Recipient.Remote[0])]);
        await upload.WriteAsync(Body, cancellationToken);
        await upload.CommitAsync(cancellationToken);
    }
}
