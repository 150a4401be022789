using System.Net;
using System.Text;
using MailCloud.Blobs;
using MailCloud.Credentials;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>The IMAP and POP3 listeners on loopback over real grains and real embedded storage.</summary>
public class ImapServer : IAsyncLifetime
{
    public const string Password = "mailcloud";

    private static readonly TenantId Tenant = new("demo");

    private readonly string directory = Directory.CreateTempSubdirectory("mailcloud-imap-").FullName;
    private WebApplication app = null!;
    private int accounts;

    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>Where TLS begins with the first octet; only where a certificate is configured.</summary>
    public IPEndPoint TlsEndPoint { get; private set; } = null!;

    /// <summary>The same of POP3.</summary>
    public IPEndPoint Pop3EndPoint { get; private set; } = null!;

    public IPEndPoint Pop3TlsEndPoint { get; private set; } = null!;

    public IServiceProvider Services => app.Services;

    /// <summary>The server's clock.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    private IGrainFactory Grains => app.Services.GetRequiredService<IGrainFactory>();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Embedded:Directory"] = directory,
            ["Imap:Plain"] = "127.0.0.1:0",
            ["Imap:Tls"] = "",
            ["Imap:JmapUrl"] = "https://mail.example.test/jmap/session",
            ["Pop3:Plain"] = "127.0.0.1:0",
            ["Pop3:Tls"] = "",
        });
        builder.Configuration.AddInMemoryCollection(Further());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(Time);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        Replace(builder.Services);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        builder.AddMailboxes();
        builder.AddMailboxAccess();
        app = builder.Build();
        await app.StartAsync();
        var addresses = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new IPEndPoint(IPAddress.Loopback, new Uri(a).Port)).ToArray();
        (EndPoint, TlsEndPoint) = (addresses[0], addresses[(addresses.Length / 2) - 1]);
        (Pop3EndPoint, Pop3TlsEndPoint) = (addresses[addresses.Length / 2], addresses[^1]);
        await Grains.GetGrain<ITenantGrain>(Tenant.Value).CreateAsync();
        await Grains.GetGrain<ITenantGrain>(Tenant.Value).AddDomainAsync("example.test");
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A new account whose INBOX has the messages of <see cref="SampleMail"/>.</summary>
    /// <param name="quota">Octets; 0 is no limit.</param>
    public Task<string> CreateAccountAsync(long quota = 0) => CreateAccountAsync(SampleMail.All, quota);

    /// <summary>A new account whose INBOX has these messages.</summary>
    public async Task<string> CreateAccountAsync(IReadOnlyList<SampleMail> mails, long quota = 0)
    {
        var address = new EmailAddress($"alice{Interlocked.Increment(ref accounts)}", "example.test");
        var grain = Grains.GetGrain<IAddressGrain>(address.Key);
        await grain.PutAsync(new() { Address = address, Tenant = Tenant, Kind = AddressKind.Account, Verifier = Verifiers.Create(Password) });
        var account = (await grain.GetAsync())!.Account!.Value;
        foreach (var mail in mails)
        {
            await FileAsync(account, mail);
        }

        if (quota > 0)
        {
            await Grains.GetGrain<IMailboxGrain>(account.Value).CreateAsync(new() { QuotaBytes = quota });
        }

        return address.ToString();
    }

    /// <summary>The mailbox of an account.</summary>
    public async Task<IMailboxGrain> MailboxAsync(string user) => Grains.GetGrain<IMailboxGrain>((await AccountAsync(user)).Value);

    public async Task<AccountId> AccountAsync(string user)
    {
        var record = await Grains.GetGrain<IAddressGrain>(EmailAddressOf(user).Key).GetAsync();
        return record!.Account!.Value;
    }

    /// <summary>Files a message as a delivery does.</summary>
    public async Task DeliverAsync(string user, SampleMail mail)
    {
        var record = await Grains.GetGrain<IAddressGrain>(EmailAddressOf(user).Key).GetAsync();
        await FileAsync(record!.Account!.Value, mail);
    }

    /// <summary>Ends all activations, so that the next call of a grain loads its state from storage.</summary>
    public Task ForgetAsync() => Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

    private static EmailAddress EmailAddressOf(string user) => new(user[..user.IndexOf('@')], "example.test");

    /// <summary>A new account with messages as octets, summarised as delivery does it.</summary>
    public async Task<string> CreateAccountAsync(params byte[][] bodies)
    {
        var mails = new List<SampleMail>();
        foreach (var body in bodies)
        {
            mails.Add(new(body, await MessageParser.SummariseAsync(new MemoryStream(body), default)));
        }

        return await CreateAccountAsync(mails);
    }

    /// <summary>Takes the bodies of an account's messages away, as a damaged store would.</summary>
    public async Task LoseBodiesAsync(string user, params uint[] uids)
    {
        var mailbox = await MailboxAsync(user);
        var folder = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        var page = await mailbox.FetchAsync(new() { FolderId = folder, Uids = [.. uids.Select(uid => new UidRange(uid, uid))] });
        await Services.GetRequiredService<IMessageBlobs>().DeleteAsync([.. page.Messages.Select(m => m.Body.Name)], default);
    }

    /// <summary>Puts stores that fail before the real ones.</summary>
    protected virtual void Replace(IServiceCollection services)
    {
    }

    private async Task FileAsync(AccountId account, SampleMail mail)
    {
        var delivery = DeliveryId.New(DateTimeOffset.UtcNow);
        var body = new BodyRef(BodyRef.NameFor(Tenant, delivery), mail.Body.Length);
        await using (var upload = Services.GetRequiredService<IMessageBlobs>().Create(body.Name, [BodyOwner.Mailbox(account)]))
        {
            await upload.WriteAsync(mail.Body, CancellationToken.None);
            await upload.CommitAsync(CancellationToken.None);
        }

        var outcome = await FileAsync(Grains.GetGrain<IMailboxGrain>(account.Value), new()
        {
            Delivery = delivery,
            Body = body,
            Prefix = Encoding.ASCII.GetBytes(SampleMail.Prefix),
            Summary = mail.Summary,
            InternalDate = new(2026, 2, 1, 12, 0, 0, TimeSpan.Zero),
        });
        Assert.True(outcome.Result is FilingResult.Filed or FilingResult.AlreadyFiled);
    }

    // As a delivery does: what is in doubt is tried again with the same id.
    private static async Task<FilingOutcome> FileAsync(IMailboxGrain mailbox, FilingRequest request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await mailbox.FileAsync(request);
            }
            catch (Exception) when (attempt < 5)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Configuration beside that of a server without a certificate.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string?>> Further() => [];
}
