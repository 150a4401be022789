using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tokens;

/// <summary>The token is as it says from now on.</summary>
[GenerateSerializer, Immutable, Alias("mc.ApiTokenChanged")]
internal sealed record ApiTokenChanged([property: Id(0)] ApiToken Token) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.ApiTokenState")]
internal sealed record ApiTokenState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public ApiToken? Token { get; set; }
}

/// <param name="ExpiresAt">Null: it is off the list.</param>
[GenerateSerializer, Immutable, Alias("mc.ApiTokenListed")]
internal sealed record ApiTokenListed([property: Id(0)] string Token, [property: Id(1)] DateTimeOffset? ExpiresAt) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.ApiTokenListState")]
internal sealed record ApiTokenListState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>When each expires.</summary>
    [Id(0)] public Dictionary<string, DateTimeOffset> Listed { get; init; } = [];

    public void Apply(ApiTokenListed recorded)
    {
        if (recorded.ExpiresAt is { } at)
        {
            Listed[recorded.Token] = at;
        }
        else
        {
            Listed.Remove(recorded.Token);
        }
    }
}
