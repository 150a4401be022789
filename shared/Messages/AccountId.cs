namespace MailCloud.Messages;

/// <summary>An account's key, <c>tenant/uuid</c>: the key of its mailbox grain. It stays the same when the address is renamed.</summary>
[GenerateSerializer, Immutable, Alias("mc.AccountId")]
public readonly record struct AccountId([property: Id(0)] string Value)
{
    public static AccountId New(TenantId tenant) => new($"{tenant.Value}/{Guid.NewGuid():N}");

    public TenantId Tenant => new(Value[..Value.IndexOf('/', StringComparison.Ordinal)]);

    public override string ToString() => Value;
}
