using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Mailboxes.Directory;
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
        var file = Path.Combine(Folder(), "v1", $"{name}.golden");
        if (!File.Exists(file) && Environment.GetEnvironmentVariable("MAILCLOUD_WRITE_GOLDEN") == "1")
        {
            File.WriteAllBytes(file, codec.Encode(sample));
        }

        var golden = File.ReadAllBytes(file);
        Assert.Equal(golden, codec.Encode(sample));
        var read = codec.Decode(golden);
        Assert.Equal(sample.GetType(), read.GetType());
        Assert.Equal(golden, codec.Encode(read));
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

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    /// <summary>Encodes and decodes a record as the type under which it is stored: events as their base.</summary>
    private sealed record Codec(Func<object, byte[]> Encode, Func<byte[], object> Decode)
    {
        public static Codec For(object sample) => sample switch
        {
            MailboxEvent => As<MailboxEvent>(),
            TenantEvent => As<TenantEvent>(),
            SpoolEvent => As<SpoolEvent>(),
            _ => (Codec)typeof(Codec).GetMethod(nameof(As))!.MakeGenericMethod(sample.GetType()).Invoke(null, null)!,
        };

        public static Codec As<T>()
            where T : IStoredRecord => new(record => Serializer.Encode((T)record), bytes => Serializer.Decode<T>(bytes));
    }
}
