using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <param name="Until">Null: it has ended.</param>
[GenerateSerializer, Immutable, Alias("mc.UpkeepTurnTaken")]
internal sealed record UpkeepTurnTaken([property: Id(0)] Guid Turn, [property: Id(1)] UpkeepWork Work, [property: Id(2)] DateTimeOffset? Until) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.UpkeepTurnsState")]
internal sealed record UpkeepTurnsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public List<UpkeepTurnTaken> Taken { get; init; } = [];
}
