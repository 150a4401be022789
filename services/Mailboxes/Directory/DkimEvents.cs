using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

[GenerateSerializer, Immutable, Alias("mc.DkimEvent")]
internal abstract record DkimEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>A key was made. <paramref name="Forgotten"/> are selectors of keys whose records need be published no more.</summary>
[GenerateSerializer, Immutable, Alias("mc.DkimKeyAdded")]
internal sealed record DkimKeyAdded([property: Id(0)] TenantId Tenant, [property: Id(1)] StoredDkimKey Key, [property: Id(2)] string[] Forgotten) : DkimEvent;

/// <summary>The key signs from this moment on.</summary>
[GenerateSerializer, Immutable, Alias("mc.DkimKeyActivated")]
internal sealed record DkimKeyActivated([property: Id(0)] string Selector, [property: Id(1)] DateTimeOffset At) : DkimEvent;

/// <summary>The key signs no more.</summary>
[GenerateSerializer, Immutable, Alias("mc.DkimKeyRetired")]
internal sealed record DkimKeyRetired([property: Id(0)] string Selector, [property: Id(1)] DateTimeOffset At) : DkimEvent;

[GenerateSerializer, Immutable, Alias("mc.StoredDkimKey")]
internal sealed record StoredDkimKey
{
    [Id(0)] public required string Selector { get; init; }

    [Id(1)] public required DkimAlgorithm Algorithm { get; init; }

    /// <summary>PKCS #8 (RFC 5958); empty once it is retired.</summary>
    [Id(2)] public required ReadOnlyMemory<byte> PrivateKey { get; init; }

    [Id(3)] public required ReadOnlyMemory<byte> PublicKey { get; init; }

    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }

    [Id(5)] public required DateTimeOffset SignsFrom { get; init; }

    /// <summary>When somebody retired it; a newer key that signs retires it too.</summary>
    [Id(6)] public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>Without the private key, whatever a later type of it would print.</summary>
    public override string ToString() => $"{Selector} ({Algorithm})";
}

[GenerateSerializer, Alias("mc.DkimState")]
internal sealed record DkimState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public TenantId? Tenant { get; set; }

    /// <summary>In the order in which they were made.</summary>
    [Id(1)] public List<StoredDkimKey> Keys { get; init; } = [];
}
