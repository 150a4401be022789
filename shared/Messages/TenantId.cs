namespace MailCloud.Messages;

/// <summary>A tenant's short name: 1 to 40 of <c>a-z 0-9 -</c>. It leads every blob name and grain key that belongs to the tenant.</summary>
[GenerateSerializer, Immutable, Alias("mc.TenantId")]
public readonly record struct TenantId([property: Id(0)] string Value)
{
    public static bool IsValid(string text) =>
        text.Length is > 0 and <= 40 && text.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');

    public override string ToString() => Value;
}
