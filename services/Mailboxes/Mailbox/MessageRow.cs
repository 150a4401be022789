namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What never changes about a message in a folder, apart from its content.</summary>
/// <param name="Uid">Rises within the folder.</param>
/// <param name="Size">RFC822.SIZE: prefix and body, octets.</param>
/// <param name="BodyLength">Octets of the body blob.</param>
/// <param name="InternalDate">Milliseconds since 1970, UTC.</param>
/// <param name="Body">The id in the body blob's name.</param>
[GenerateSerializer, Immutable, Alias("mc.MessageRow")]
internal readonly record struct MessageRow(
    [property: Id(0)] uint Uid,
    [property: Id(1)] long Size,
    [property: Id(2)] long BodyLength,
    [property: Id(3)] long InternalDate,
    [property: Id(4)] Guid Body);
