using System.Diagnostics;
using System.Text;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Benchmarks.Emails;

/// <summary>
/// A silo on embedded storage in this process, with one mailbox of which INBOX has nearly all messages: what JMAP asks of it, of a silo that has just started and of one that was asked before.
/// The messages' bodies are named and not written: nothing that is measured opens one.
/// </summary>
internal sealed class EmailsBenchmark(EmailsOptions options) : IDisposable
{
    private const string Account = "demo/bench";

    private const int PageEmails = 50;

    private const int AppendedAtOnce = 2000;

    private static readonly AccountId Id = new(Account);

    private readonly Figures figures = new($"{options.Messages:N0} messages, ms");
    private readonly Random random = new(1);
    private IHost? silo;
    private int inbox;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        await StartAsync(cancellationToken);
        await FillAsync();
        for (var round = 0; round < options.Rounds; round++)
        {
            await MeasureAsync(cancellationToken);
        }

        await StopAsync(cancellationToken);
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        figures.Print(Console.Out);
        return 0;
    }

    public void Dispose() => silo?.Dispose();

    private IMailboxGrain Mailbox => silo!.Services.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>(Account);

    private IEmailGrain Emails => silo!.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmailGrain>(Account);

    private EmailQuery Inbox => new() { Filter = new() { Kind = EmailFilterKind.InFolder, Folders = [inbox] } };

    private EmailQuery Conversations => Inbox with { CollapseThreads = true };

    private EmailWindow Middle => new() { Position = options.Messages / 2, Limit = PageEmails };

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        await AskAsync("first page", () => Emails.QueryAsync(Inbox, new() { Limit = PageEmails, CalculateTotal = true }), cancellationToken);
        await AskAsync("middle page", () => Emails.QueryAsync(Inbox, Middle), cancellationToken);
        await AskAsync("first page of conversations", () => Emails.QueryAsync(Conversations, new() { Limit = PageEmails }), cancellationToken);
        await AskAsync("middle page of conversations", () => Emails.QueryAsync(Conversations, Middle), cancellationToken);
        await AskAsync("folders with their counts", () => Emails.GetFoldersAsync(), cancellationToken);

        var page = await Emails.QueryAsync(Inbox, new() { Limit = PageEmails });
        var records = await Emails.GetAsync(page.Emails, withContent: false);
        await AskAsync("threads of a page", () => Emails.GetThreadsAsync([.. records.Emails.Select(e => e.Thread)]), cancellationToken);

        foreach (var count in new[] { 1, 100 })
        {
            var since = (await Emails.GetStateAsync())!.Value;
            for (var i = 0; i < count; i++)
            {
                await AppendAsync(1, DateTimeOffset.UtcNow);
            }

            await TimeAsync("asked before", $"changes after {count} new", () => Emails.QueryChangesAsync(Inbox, new() { Since = since }));
            await TimeAsync("asked before", $"changes of conversations after {count} new", () => Emails.QueryChangesAsync(Conversations, new() { Since = since }));
        }
    }

    // Once of a silo that has just started, and then again of the same.
    private async Task AskAsync<T>(string row, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        await StartAsync(cancellationToken);
        await TimeAsync("just started", row, ask);
        await TimeAsync("asked before", row, ask);
    }

    private async Task TimeAsync<T>(string column, string row, Func<Task<T>> ask)
    {
        var started = Stopwatch.GetTimestamp();
        await ask();
        figures.Add(column, row, Stopwatch.GetElapsedTime(started).TotalMilliseconds, "F1");
    }

    private async Task FillAsync()
    {
        await Mailbox.CreateAsync(new() { Folders = [new("Archive", "\\Archive"), new("Trash", "\\Trash")] });
        inbox = (await Mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        var started = Stopwatch.GetTimestamp();
        var begin = DateTimeOffset.UtcNow.AddMinutes(-options.Messages);
        for (var done = 0; done < options.Messages; done += AppendedAtOnce)
        {
            await AppendAsync(Math.Min(AppendedAtOnce, options.Messages - done), begin.AddMinutes(done));
        }

        Console.Error.WriteLine($"  filled in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
    }

    // A third of the messages begins a conversation, the others answer; a minute each, not quite in order.
    private async Task AppendAsync(int count, DateTimeOffset first)
    {
        var messages = Enumerable.Range(0, count).Select(i =>
        {
            var date = first.AddMinutes(i + random.Next(10));
            var subject = $"subject {random.Next(options.Messages / 3)}";
            return new AppendedMessage
            {
                Body = new(BodyRef.NameFor(Id.Tenant, DeliveryId.New(date)), 4000),
                InternalDate = date,
                Flags = random.Next(20) == 0 ? MessageFlags.None : MessageFlags.Seen,
                Summary = new()
                {
                    Envelope = new() { Subject = subject, InReplyTo = $"<{subject.Replace(' ', '.')}@example.test>" },
                    Structure = new() { Type = "TEXT", Subtype = "PLAIN", BodyLength = 3600 },
                    Header = Encoding.ASCII.GetBytes($"Subject: {subject}\r\n\r\n"),
                },
            };
        });
        var result = await Mailbox.AppendAsync(new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [.. messages] });
        if (result.Outcome != WriteOutcome.Done)
        {
            throw new InvalidOperationException($"APPEND: {result.Outcome}");
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", options.Data), new("Mailboxes:RelaysInProcess", "true")]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(orleans => orleans.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        silo = builder.Build();
        await silo.StartAsync(cancellationToken);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await silo!.StopAsync(cancellationToken);
        await ((IAsyncDisposable)silo).DisposeAsync();
    }
}
