using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

[GenerateSerializer, Immutable, Alias("mc.LoginsTold")]
internal sealed record LoginsTold([property: Id(0)] Guid Telling, [property: Id(1)] LoginRow[] Rows) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.LoginsState")]
internal sealed record LoginsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>In the order of their last times; <see cref="LoginRow.Most"/> at most.</summary>
    [Id(0)] public List<LoginRow> Rows { get; init; } = [];

    /// <summary>Ids of the last tellings, the oldest first.</summary>
    [Id(1)] public Queue<Guid> Tellings { get; init; } = new();
}
