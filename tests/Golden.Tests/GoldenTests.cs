using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Mailboxes.Audit;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Golden.Tests;

/// <summary>What was stored by an earlier build is read by this one, and what this one writes is what that one would have written.</summary>
public sealed class GoldenTests
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static TheoryData<string> Names => [.. Samples.All.Select(s => s.GetType().Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Golden_bytes_are_read_and_written_as_they_were(string name)
    {
        var sample = Samples.All.Single(s => s.GetType().Name == name);
        var codec = Codec.For(sample);
        var encoded = codec.Encode(sample);
        var files = FilesOf(name);
        if (Environment.GetEnvironmentVariable("MAILCLOUD_WRITE_GOLDEN") == "1" && (files.Count == 0 || !File.ReadAllBytes(files[^1]).SequenceEqual(encoded)))
        {
            File.WriteAllBytes(Path.Combine(Folder(), "v1", files.Count == 0 ? $"{name}.golden" : $"{name}-{files.Count + 1}.golden"), encoded);
            files = FilesOf(name);
        }

        var golden = File.ReadAllBytes(files[^1]);
        Assert.Equal(golden, encoded);
        var read = codec.Decode(golden);
        Assert.Equal(sample.GetType(), read.GetType());
        Assert.Equal(golden, codec.Encode(read));

        // Written before the record had all the members that it has now.
        foreach (var older in files.SkipLast(1))
        {
            Assert.Equal(sample.GetType(), codec.Decode(File.ReadAllBytes(older)).GetType());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_unknown_version_is_refused(string name)
    {
        var sample = Samples.All.Single(s => s.GetType().Name == name);
        var codec = Codec.For(sample);
        var bytes = codec.Encode(sample);
        foreach (var version in (byte[])[0, (byte)(bytes[0] + 1), 255])
        {
            bytes[0] = version;
            Assert.Throws<UnknownFormatException>(() => codec.Decode(bytes));
        }
    }

    [Fact]
    public void Every_stored_record_has_golden_bytes()
    {
        var stored = new[] { typeof(QueuedMessage), typeof(IMailboxGrain), typeof(MailboxesHost) }
            .SelectMany(t => t.Assembly.GetTypes())
            .Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IStoredRecord).IsAssignableFrom(t))
            .Select(t => t.Name);

        Assert.Equal(stored.Order(StringComparer.Ordinal), Samples.All.Select(s => s.GetType().Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_content_of_version_1_gives_what_one_of_today_gives()
    {
        var today = Samples.All.OfType<MessageContent>().Single();
        var before = Serializer.Decode<MessageContent>(File.ReadAllBytes(FilesOf(nameof(MessageContent))[1]));
        Assert.Equal(today.Prefix, before.Prefix);
        Assert.Equal(today.Header, before.Header);
        Assert.Equal((today.BodyOffset, today.ShownLength), (before.BodyOffset, before.ShownLength));
        Assert.Equal(Serializer.SerializeToArray(today.Summary), Serializer.SerializeToArray(before.Summary));
    }

    [Fact]
    public void A_manifest_of_before_makes_a_state()
    {
        var oldest = Serializer.Decode<MailboxManifest>(File.ReadAllBytes(FilesOf(nameof(MailboxManifest))[0]));
        var state = MailboxState.From(oldest);
        Assert.Equal(oldest.ModSeq, state.FindFolder("inbox")!.HighestModSeq);
        Assert.Empty(state.Bodies.Outbox);
        Assert.Empty(state.Operations.Values.Single().Targets);
    }

    [Fact]
    public void A_spool_of_version_1_makes_a_shard()
    {
        var shard = SpoolShard.From(Serializer.Decode<SpoolState>(File.ReadAllBytes(FilesOf(nameof(SpoolState))[1])), new());
        var entry = Assert.Single(shard.Entries.Values).Entry;
        Assert.Equal((3, "over quota"), (entry.Attempts, entry.LastError));
        Assert.Empty(shard.Pages);
    }

    /// <summary>A record's golden bytes, the oldest first: <c>Name.golden</c>, then <c>Name-2.golden</c> of when it got more members, and so on.</summary>
    internal static List<string> FilesOf(string name)
    {
        var names = Enumerable.Range(1, 99).Select(i => Path.Combine(Folder(), "v1", i == 1 ? $"{name}.golden" : $"{name}-{i}.golden"));
        return [.. names.TakeWhile(File.Exists)];
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    /// <summary>Encodes and decodes a record as the type under which it is stored: events as their base.</summary>
    private sealed record Codec(Func<object, byte[]> Encode, Func<byte[], object> Decode)
    {
        public static Codec For(object sample) => sample switch
        {
            MailboxEvent => As<MailboxEvent>(),
            TenantEvent => As<TenantEvent>(),
            UsageEvent => As<UsageEvent>(),
            SpoolEvent => As<SpoolEvent>(),
            DkimEvent => As<DkimEvent>(),
            AuditEvent => As<AuditEvent>(),
            ExpansionEvent => As<ExpansionEvent>(),
            JobEvent => As<JobEvent>(),
            AppPasswordEvent => As<AppPasswordEvent>(),
            TotpEvent => As<TotpEvent>(),
            _ => (Codec)typeof(Codec).GetMethod(nameof(As))!.MakeGenericMethod(sample.GetType()).Invoke(null, null)!,
        };

        public static Codec As<T>()
            where T : IStoredRecord => new(record => Serializer.Encode((T)record), bytes => Serializer.Decode<T>(bytes));
    }
}
