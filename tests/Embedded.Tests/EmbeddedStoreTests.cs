using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MailCloud.Blobs;
using MailCloud.Embedded.Sqlite;
using MailCloud.Queue;
using MailCloud.StorageContracts;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Embedded.Tests;

public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly EmbeddedFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_in_use_is_refused_and_the_error_names_the_process()
    {
        _ = folder.Store;
        using var second = folder.Open();

        var error = Assert.Throws<StorageInUseException>(second.GetRequiredService<EmbeddedStore>);

        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_folder_can_be_opened_again()
    {
        _ = folder.Store;
        await folder.ReopenAsync();

        Assert.NotNull(folder.Store);
    }

    [Fact]
    public async Task A_schema_version_that_is_unknown_refuses_to_open()
    {
        await folder.Store.Writer.WriteAsync(Changed("PRAGMA user_version = 99"), null, default);
        await folder.ReopenAsync();

        var error = Assert.Throws<UnknownSchemaException>(() => folder.Store);

        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FULL", 2)]
    [InlineData("off", 0)]
    public async Task Synchronous_is_what_the_configuration_says(string value, long pragma)
    {
        _ = folder.Store;
        folder.Close();
        await using var services = folder.Open(value);

        Assert.Equal(pragma, await services.GetRequiredService<EmbeddedStore>().Writer.WriteAsync(db => db.QueryLong("PRAGMA synchronous"), null, default));
    }

    [Fact]
    public void Synchronous_with_an_unknown_value_is_refused() => Assert.Throws<InvalidOperationException>(() => folder.Open("SOMETIMES"));

    [Fact]
    public async Task A_write_that_fails_in_a_group_fails_alone()
    {
        var writer = folder.Store.Writer;
        var (hold, holding) = HoldUp(writer);
        var writes = Enumerable.Range(0, 20).Select(i => writer.WriteAsync(db => Insert(db, $"j{i}", fail: i == 7), null, default)).ToArray();
        hold.Set();
        await holding;

        for (var i = 0; i < writes.Length; i++)
        {
            if (i == 7)
            {
                await Assert.ThrowsAsync<SqliteException>(() => writes[i]);
            }
            else
            {
                await writes[i];
            }
        }

        await folder.ReopenAsync();
        Assert.Equal(19, (await folder.Journal.ListAsync("j", default).ToListAsync()).Count);
    }

    [Fact]
    public async Task A_commit_that_fails_fails_all_its_writes_and_keeps_none()
    {
        var writer = folder.Store.Writer;
        var (hold, holding) = HoldUp(writer);
        var writes = Enumerable.Range(0, 5).Select(i => writer.WriteAsync(db => Insert(db, $"j{i}", fail: false), null, default)).ToList();

        // A write that ends the transaction makes the COMMIT at its end fail.
        writes.Add(writer.WriteAsync(Changed("ROLLBACK"), null, default));
        hold.Set();
        await holding;

        foreach (var write in writes)
        {
            await Assert.ThrowsAsync<SqliteException>(() => write);
        }

        Assert.Empty(await folder.Journal.ListAsync("j", default).ToListAsync());
        await writer.WriteAsync(db => Insert(db, "j-after", fail: false), null, default);
        Assert.Single(await folder.Journal.ListAsync("j", default).ToListAsync());
    }

    [Fact]
    public async Task Writes_that_gather_share_a_commit()
    {
        var groups = new ConcurrentBag<int>();
        using var listener = Listen<int>("mailcloud.embedded.commit.requests", groups);
        var writer = folder.Store.Writer;
        var (hold, holding) = HoldUp(writer);
        var writes = Enumerable.Range(0, 50).Select(i => writer.WriteAsync(db => Insert(db, $"j{i}", fail: false), null, default)).ToArray();
        hold.Set();
        await Task.WhenAll([holding, .. writes]);

        Assert.Contains(50, groups);
    }

    [Fact]
    public async Task Each_instrument_records()
    {
        var longs = new ConcurrentBag<string>();
        using var commits = Listen<long>("mailcloud.embedded.commits", longs);
        using var read = Listen<long>("mailcloud.embedded.blob.read", longs);
        using var written = Listen<long>("mailcloud.embedded.blob.written", longs);
        using var duration = Listen<double>("mailcloud.embedded.commit.duration", longs);
        await WriteAsync("demo/body/a", 1000);
        await folder.Blobs.ReadAsync("demo/body/a", 0, 1000, default);

        Assert.Superset(
            new HashSet<string>
            {
                "mailcloud.embedded.commits", "mailcloud.embedded.blob.read", "mailcloud.embedded.blob.written", "mailcloud.embedded.commit.duration",
            },
            longs.ToHashSet());
    }

    [Fact]
    public async Task A_full_store_refuses_keeps_what_it_has_and_recovers_when_there_is_room()
    {
        await WriteAsync("demo/body/before", 50_000);
        await folder.Store.Writer.WriteAsync(Changed("PRAGMA max_page_count = 60"), null, default);

        await Assert.ThrowsAsync<StorageFullException>(async () =>
        {
            for (var i = 0; ; i++)
            {
                await WriteAsync($"demo/body/{i}", 50_000);
            }
        });
        await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (true)
            {
                await folder.Queue.PublishAsync(QueueContract.NewMessage(), default);
            }
        });

        await folder.Store.Writer.WriteAsync(Changed("PRAGMA max_page_count = 1000000"), null, default);
        await WriteAsync("demo/body/after", 50_000);
        await folder.Queue.PublishAsync(QueueContract.NewMessage(), default);
        Assert.Equal(50_000, (await folder.Blobs.ReadAsync("demo/body/before", 0, 100_000, default)).Length);
        Assert.Equal("ok", await folder.Store.Writer.WriteAsync(db => db.QueryText("PRAGMA integrity_check"), null, default));
        Assert.Empty(await folder.Blobs.CheckAsync(default).ToListAsync());
    }

    [Theory]
    [InlineData(28, true)]
    [InlineData(122, true)]
    [InlineData(unchecked((int)0x80070070), true)]
    [InlineData(5, false)]
    public void The_systems_errors_of_a_full_disk_are_told_from_others(int code, bool full) => Assert.Equal(full, DiskFull.Is(new IOException("", code)));

    [Fact]
    public void It_is_told_how_much_room_the_disk_has()
    {
        var room = new ConcurrentBag<long>();
        using var free = Listen<long>("mailcloud.embedded.disk.free", room);
        using var size = Listen<long>("mailcloud.embedded.disk.size", room);
        free.RecordObservableInstruments();
        size.RecordObservableInstruments();

        Assert.Equal(2, room.Count);
        Assert.All(room, octets => Assert.InRange(octets, 1, long.MaxValue));
        Assert.InRange(room.Min(), 1, new DriveInfo(folder.Path).TotalSize);
    }

    private static Func<Database, int> Changed(string sql) => database =>
    {
        database.Execute(sql);
        return 0;
    };

    private static int Insert(Database database, string journal, bool fail)
    {
        using var insert = database.Prepare("INSERT INTO head (journal, epoch, position, bytes) VALUES (?, 0, 0, 0)");
        insert.Bind(journal).Run();
        if (fail)
        {
            database.Execute("INSERT INTO head (journal, epoch, position, bytes) VALUES (NULL, 0, 0, 0)");
        }

        return 1;
    }

    /// <summary>Keeps the writer busy with a group of one, so that what is written next gathers until it is let go.</summary>
    private static (ManualResetEventSlim LetGo, Task Holding) HoldUp(GroupWriter writer)
    {
        var started = new ManualResetEventSlim();
        var letGo = new ManualResetEventSlim();
        var holding = writer.WriteAsync(
            _ =>
            {
                started.Set();
                letGo.Wait();
                return 0;
            },
            null,
            default);
        started.Wait();
        return (letGo, holding);
    }

    private async Task WriteAsync(string name, int length)
    {
        await using var upload = folder.Blobs.Create(name, []);
        await upload.WriteAsync(new byte[length], default);
        await upload.CommitAsync(default);
    }

    /// <summary>Collects what this folder's own meter records: values, or the instrument's name for a bag of names.</summary>
    private MeterListener Listen<T>(string instrument, object bag)
        where T : struct
    {
        var meter = folder.Services.GetRequiredService<IMeterFactory>().Create(EmbeddedTelemetry.MeterName);
        _ = folder.Store;
        var listener = new MeterListener
        {
            InstrumentPublished = (published, l) =>
            {
                if (published.Name == instrument && ReferenceEquals(published.Meter, meter))
                {
                    l.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<T>((published, value, _, _) =>
        {
            if (bag is ConcurrentBag<T> values)
            {
                values.Add(value);
            }
            else
            {
                ((ConcurrentBag<string>)bag).Add(published.Name);
            }
        });
        listener.Start();
        return listener;
    }
}
