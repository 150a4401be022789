using System.Reflection;
using MailCloud.Mailboxes.Audit;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Mailboxes.Traces;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using Orleans.Serialization.Configuration;

namespace MailCloud.Golden.Tests;

/// <summary>What a build does with what a later one has written: an event that it does not know ends it, and members that it does not know are as if they were not there.</summary>
public sealed class OlderBuildTests
{
    private static readonly Serializer Later = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    /// <summary>A journal with it does not load, so the grain of an older silo refuses instead of forgetting what happened.</summary>
    [Fact]
    public void An_event_that_an_older_build_does_not_know_is_refused()
    {
        var older = Without(typeof(MailboxCreated));
        MailboxEvent known = Samples.All.OfType<QuotaChanged>().Single();
        MailboxEvent unknown = Samples.All.OfType<MailboxCreated>().Single();

        Assert.Equal(known, older.Decode<MailboxEvent>(Later.Encode(known)));
        Assert.Throws<DamagedRecordException>(() => older.Decode<MailboxEvent>(Later.Encode(unknown)));
    }

    [Fact]
    public void Members_that_an_older_build_does_not_know_are_dropped()
    {
        var later = new LaterRecord { Kept = "kept", Added = [new("one", 1)], AlsoKept = 7 };
        var read = Later.Decode<EarlierRecord>(Later.Encode(later));
        Assert.Equal(("kept", 7), (read.Kept, read.AlsoKept));
        Assert.Equal(later with { Added = null }, Later.Decode<LaterRecord>(Later.Encode(read)));
    }

    /// <summary>Even where the type of what is added is unknown.</summary>
    [Fact]
    public void Members_of_a_type_that_an_older_build_does_not_know_are_dropped()
    {
        var older = Without(typeof(AddedValue));
        var read = older.Decode<EarlierRecord>(Later.Encode(new LaterRecord { Kept = "kept", Added = [new("one", 1)], AddedAny = new AddedValue("two", 2), AlsoKept = 7 }));
        Assert.Equal(("kept", 7), (read.Kept, read.AlsoKept));
    }

    /// <summary>A sweep takes a manifest that gets shorter when this build writes it again for one of a later build, and deletes nothing of its state: those of earlier builds never do.</summary>
    [Theory]
    [InlineData(typeof(MailboxManifest))]
    [InlineData(typeof(SpoolState))]
    [InlineData(typeof(TraceState))]
    [InlineData(typeof(AuditState))]
    [InlineData(typeof(JobState))]
    public void A_manifest_of_an_earlier_build_does_not_get_shorter(Type manifest) =>
        typeof(OlderBuildTests).GetMethod(nameof(NeverGetsShorter), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(manifest).Invoke(null, null);

    private static void NeverGetsShorter<T>()
        where T : IStoredRecord
    {
        var stored = GoldenTests.FilesOf(typeof(T).Name).ConvertAll(File.ReadAllBytes);
        Assert.NotEmpty(stored);
        Assert.All(stored, bytes => Assert.True(Later.Encode(Later.Decode<T>(bytes)).Length >= bytes.Length));
    }

    /// <summary>A serializer of a build that had not got these types.</summary>
    private static Serializer Without(params Type[] types) => new ServiceCollection()
        .AddSerializer(builder => builder.Configure(options =>
        {
            foreach (var type in types)
            {
                options.WellKnownTypeAliases.Remove(type.GetCustomAttributes(typeof(AliasAttribute), inherit: false).Cast<AliasAttribute>().Single().Alias);
                foreach (var set in new[] { options.Serializers, options.FieldCodecs, options.Copiers, options.Activators })
                {
                    set.RemoveWhere(codec => codec.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericArguments().Contains(type)));
                }
            }
        }))
        .BuildServiceProvider().GetRequiredService<Serializer>();
}

[GenerateSerializer, Alias("golden.Record")]
internal sealed record EarlierRecord : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public string? Kept { get; init; }

    [Id(3)] public int AlsoKept { get; init; }
}

[GenerateSerializer, Alias("golden.RecordOfLater")]
internal sealed record LaterRecord : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public string? Kept { get; init; }

    [Id(1)] public AddedValue[]? Added { get; init; }

    [Id(2)] public object? AddedAny { get; init; }

    [Id(3)] public int AlsoKept { get; init; }
}

[GenerateSerializer, Alias("golden.Added")]
internal sealed record AddedValue([property: Id(0)] string Name, [property: Id(1)] int Number);
