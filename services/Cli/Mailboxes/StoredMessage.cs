namespace MailCloud.Cli.Mailboxes;

/// <summary>A message of a mailbox without its octets. Flags and keywords as the admin API names them.</summary>
internal sealed record StoredMessage(uint Uid, IReadOnlyList<string> Flags, IReadOnlyList<string> Keywords, DateTimeOffset Date);

/// <summary>A folder of a mailbox.</summary>
internal sealed record StoredFolder(string Name, uint UidValidity, int Messages, bool Subscribed, bool Exists, string? SpecialUse);

/// <summary>Where an export writes: a Maildir, or mbox files. One folder at a time.</summary>
internal interface IMailTarget : IAsyncDisposable
{
    /// <summary>Opens a folder and returns the last UID that it has.</summary>
    Task<uint> OpenAsync(StoredFolder folder, CancellationToken cancellationToken);

    /// <summary>Writes one message durably. Says what could not be written of its flags, or null.</summary>
    Task<string?> AddAsync(StoredMessage message, Stream octets, MessageShape shape, CancellationToken cancellationToken);

    /// <summary>Records durably how far the open folder has come: only after its messages are.</summary>
    Task SaveAsync(CancellationToken cancellationToken);

    Task SubscribeAsync(IEnumerable<string> folders, CancellationToken cancellationToken);

    Task SaveUsesAsync(IEnumerable<StoredFolder> folders, CancellationToken cancellationToken);
}

/// <summary>A folder that an import reads.</summary>
/// <param name="Name">Its name in the mailbox.</param>
/// <param name="Progress">Where it is written down what was filed, without the mailbox's address.</param>
internal sealed record FoundFolder(string Name, string Path, string Progress);

/// <summary>A message that an import reads. Its octets stand in the file that the reader was given, as they are to be stored.</summary>
internal sealed record FoundMessage(string Key, IReadOnlyCollection<string> Flags, IReadOnlyCollection<string> Keywords, DateTimeOffset? Date);

/// <summary>Where an import reads: a Maildir, or mbox files.</summary>
internal interface IMailSource
{
    IEnumerable<FoundFolder> Folders();

    IReadOnlyCollection<string> Subscriptions();

    /// <summary>The special uses of folders, by the folders' names.</summary>
    IReadOnlyDictionary<string, string> SpecialUses();

    /// <summary>The folder's messages but those that are filed; before each is returned its octets are written to <paramref name="octets"/>, which is emptied first.</summary>
    IAsyncEnumerable<FoundMessage> ReadAsync(FoundFolder folder, Func<string, bool> isFiled, FileStream octets, CancellationToken cancellationToken);
}
