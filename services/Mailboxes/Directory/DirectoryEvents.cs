using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

[GenerateSerializer, Immutable, Alias("mc.TenantEvent")]
internal abstract record TenantEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.TenantCreated")]
internal sealed record TenantCreated : TenantEvent;

[GenerateSerializer, Immutable, Alias("mc.DomainAdded")]
internal sealed record DomainAdded([property: Id(0)] string Domain) : TenantEvent;

[GenerateSerializer, Immutable, Alias("mc.TenantStateChanged")]
internal sealed record TenantStateChanged([property: Id(0)] AccountState State) : TenantEvent;

[GenerateSerializer, Alias("mc.TenantState")]
internal sealed record TenantState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public bool Created { get; set; }

    [Id(1)] public List<string> Domains { get; init; } = [];

    /// <summary>What its accounts may do at most.</summary>
    [Id(2)] public AccountState State { get; set; }
}

/// <summary>The domain is hosted for a tenant.</summary>
[GenerateSerializer, Immutable, Alias("mc.DomainHosted")]
internal sealed record DomainHosted([property: Id(0)] TenantId Tenant) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.DomainState")]
internal sealed record DomainState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public TenantId? Tenant { get; set; }
}

/// <summary>The address means this from now on.</summary>
[GenerateSerializer, Immutable, Alias("mc.AddressChanged")]
internal sealed record AddressChanged([property: Id(0)] AddressRecord Record) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.AddressState")]
internal sealed record AddressState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public AddressRecord? Record { get; set; }
}

[GenerateSerializer, Immutable, Alias("mc.AddressListed")]
internal sealed record AddressListed([property: Id(0)] string Key) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.AddressIndexState")]
internal sealed record AddressIndexState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Sorted by ordinal: a page begins with a binary search.</summary>
    [Id(0)] public List<string> Keys { get; init; } = [];
}

/// <summary>Something that edges are told of.</summary>
[GenerateSerializer, Immutable, Alias("mc.StandingTold")]
internal sealed record StandingTold([property: Id(0)] StandingChange Change) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.StandingNewsState")]
internal sealed record StandingNewsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The number of the last change; the first is 1.</summary>
    [Id(0)] public long Last { get; set; }

    /// <summary>The last changes, the oldest first.</summary>
    [Id(1)] public Queue<StandingChange> Recent { get; init; } = [];
}
