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

[GenerateSerializer, Immutable, Alias("mc.TenantLimitsChanged")]
internal sealed record TenantLimitsChanged([property: Id(0)] TenantLimits Limits) : TenantEvent;

/// <summary>The tenant is deleted, and gone for good from a time on; null: it is not. Ending: nothing brings it back.</summary>
[GenerateSerializer, Immutable, Alias("mc.TenantDeletionChanged")]
internal sealed record TenantDeletionChanged([property: Id(0)] DateTimeOffset? GoneAt, [property: Id(1)] bool IsEnding) : TenantEvent;

[GenerateSerializer, Immutable, Alias("mc.DomainRemoved")]
internal sealed record DomainRemoved([property: Id(0)] string Domain) : TenantEvent;

[GenerateSerializer, Alias("mc.TenantState")]
internal sealed record TenantState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public bool Created { get; set; }

    [Id(1)] public List<string> Domains { get; init; } = [];

    /// <summary>What its accounts may do at most.</summary>
    [Id(2)] public AccountState State { get; set; }

    [Id(3)] public TenantLimits? Limits { get; set; }

    /// <summary>When it is removed for good; null: it is not deleted.</summary>
    [Id(4)] public DateTimeOffset? GoneAt { get; set; }

    /// <summary>It is being removed: nothing brings it back.</summary>
    [Id(5)] public bool IsEnding { get; set; }

    public void Apply(TenantEvent recorded)
    {
        Created = true;
        switch (recorded)
        {
            case DomainAdded added:
                Domains.Add(added.Domain);
                break;
            case DomainRemoved removed:
                Domains.Remove(removed.Domain);
                break;
            case TenantDeletionChanged changed:
                (GoneAt, IsEnding) = (changed.GoneAt, changed.IsEnding);
                break;
            case TenantStateChanged changed:
                State = changed.State;
                break;
            case TenantLimitsChanged changed:
                Limits = changed.Limits;
                break;
        }
    }
}

/// <summary>The domain is hosted for a tenant, and leads there.</summary>
[GenerateSerializer, Immutable, Alias("mc.DomainHosted")]
internal sealed record DomainHosted([property: Id(0)] TenantId Tenant) : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(1)] public DomainRoute? Route { get; init; }

    /// <summary>When it is removed for good; null: it is not deleted.</summary>
    [Id(2)] public DateTimeOffset? GoneAt { get; init; }

    /// <summary>It is being removed: nothing brings it back.</summary>
    [Id(3)] public bool IsEnding { get; init; }
}

[GenerateSerializer, Alias("mc.DomainState")]
internal sealed record DomainState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public TenantId? Tenant { get; set; }

    [Id(1)] public DomainRoute? Route { get; set; }

    /// <summary>When it is removed for good; null: it is not deleted.</summary>
    [Id(2)] public DateTimeOffset? GoneAt { get; set; }

    /// <summary>It is being removed: nothing brings it back.</summary>
    [Id(3)] public bool IsEnding { get; set; }

    public void Apply(DomainHosted recorded) => (Tenant, Route, GoneAt, IsEnding) = (recorded.Tenant, recorded.Route, recorded.GoneAt, recorded.IsEnding);
}

/// <summary>The address means this from now on; null: it does not exist, and never did.</summary>
[GenerateSerializer, Immutable, Alias("mc.AddressChanged")]
internal sealed record AddressChanged([property: Id(0)] AddressRecord? Record) : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The last claim that was applied.</summary>
    [Id(1)] public Guid? Claim { get; init; }

    /// <summary>When it is removed for good; null: it is not deleted.</summary>
    [Id(2)] public DateTimeOffset? GoneAt { get; init; }

    /// <summary>It counts in its tenant's usage no more: it is being removed.</summary>
    [Id(3)] public bool IsUncounted { get; init; }
}

[GenerateSerializer, Alias("mc.AddressState")]
internal sealed record AddressState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public AddressRecord? Record { get; set; }

    /// <summary>The claim by which it came to count as it does in its tenant's usage; null: it never counted.</summary>
    [Id(1)] public Guid? Claim { get; set; }

    /// <summary>When it is removed for good; null: it is not deleted.</summary>
    [Id(2)] public DateTimeOffset? GoneAt { get; set; }

    /// <summary>It counts in its tenant's usage no more: it is being removed.</summary>
    [Id(3)] public bool IsUncounted { get; set; }

    public void Apply(AddressChanged recorded) => (Record, Claim, GoneAt, IsUncounted) = (recorded.Record, recorded.Claim, recorded.GoneAt, recorded.IsUncounted);
}

[GenerateSerializer, Immutable, Alias("mc.AddressListed")]
internal sealed record AddressListed([property: Id(0)] string Key) : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>It is listed no more.</summary>
    [Id(1)] public bool IsRemoved { get; init; }
}

[GenerateSerializer, Alias("mc.AddressIndexState")]
internal sealed record AddressIndexState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Sorted by ordinal: a page begins with a binary search.</summary>
    [Id(0)] public List<string> Keys { get; init; } = [];

    public void Apply(AddressListed recorded)
    {
        var index = Keys.BinarySearch(recorded.Key, StringComparer.Ordinal);
        if (recorded.IsRemoved && index >= 0)
        {
            Keys.RemoveAt(index);
        }
        else if (!recorded.IsRemoved && index < 0)
        {
            Keys.Insert(~index, recorded.Key);
        }
    }
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

[GenerateSerializer, Immutable, Alias("mc.UsageEvent")]
internal abstract record UsageEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.UsageClaimed")]
internal sealed record UsageClaimed([property: Id(0)] UsageClaim Claim, [property: Id(1)] DateTimeOffset At) : UsageEvent;

/// <summary>The claim's address has applied it.</summary>
[GenerateSerializer, Immutable, Alias("mc.UsageSettled")]
internal sealed record UsageSettled([property: Id(0)] Guid Claim) : UsageEvent;

/// <summary>The claim's address will never apply it.</summary>
[GenerateSerializer, Immutable, Alias("mc.UsageAbandoned")]
internal sealed record UsageAbandoned([property: Id(0)] Guid Claim) : UsageEvent;

[GenerateSerializer, Immutable, Alias("mc.OpenClaim")]
internal sealed record OpenClaim([property: Id(0)] UsageClaim Claim, [property: Id(1)] DateTimeOffset At);

[GenerateSerializer, Alias("mc.TenantUsageState")]
internal sealed record TenantUsageState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Of settled claims.</summary>
    [Id(0)] public long Accounts { get; set; }

    /// <summary>Of settled claims.</summary>
    [Id(1)] public long Octets { get; set; }

    [Id(2)] public Dictionary<Guid, OpenClaim> Open { get; init; } = [];
}

/// <summary>An address, a domain or a tenant is deleted, and gone for good from a time on; null: it is on the list no more.</summary>
[GenerateSerializer, Immutable, Alias("mc.DeletionListed")]
internal sealed record DeletionListed([property: Id(0)] string Key, [property: Id(1)] DateTimeOffset? At) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.DeletionsState")]
internal sealed record DeletionsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public Dictionary<string, DateTimeOffset> Listed { get; init; } = [];
}
