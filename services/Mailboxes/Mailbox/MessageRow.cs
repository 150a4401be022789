namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What never changes about a message in a folder, apart from its content.</summary>
/// <param name="Uid">Rises within the folder.</param>
/// <param name="Size">RFC822.SIZE: prefix and body, octets.</param>
/// <param name="BodyLength">Octets of the body blob.</param>
/// <param name="InternalDate">Milliseconds since 1970, UTC.</param>
/// <param name="Body">The id in the body blob's name: the same in all copies of a message, so that it is also the message's id (RFC 8474 §5.1).</param>
/// <param name="Thread">Of the conversation it belongs to; 0 in rows of before threads were kept.</param>
/// <param name="CreatedModSeq">The modseq at which the message came into the mailbox, the same in all its copies; 0 in rows of before it was kept.</param>
/// <param name="AddedModSeq">The modseq at which it came into this folder; 0 likewise.</param>
[GenerateSerializer, Immutable, Alias("mc.MessageRow")]
internal readonly record struct MessageRow(
    [property: Id(0)] uint Uid,
    [property: Id(1)] long Size,
    [property: Id(2)] long BodyLength,
    [property: Id(3)] long InternalDate,
    [property: Id(4)] Guid Body,
    [property: Id(5)] ulong Thread = 0,
    [property: Id(6)] long CreatedModSeq = 0,
    [property: Id(7)] long AddedModSeq = 0);
