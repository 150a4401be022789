using MailCloud.MailboxContracts;

namespace MailCloud.Submission;

/// <summary>Section <c>Sending</c>: how many recipients outside its tenant an account, and all accounts of a tenant together, may send to. 0 is no limit.</summary>
public sealed record SendingOptions
{
    /// <summary>Recipients of an account in a clock hour: a quarter of its day. Gmail gives a private account 500 in a whole day.</summary>
    public int AccountPerHour { get; init; } = 500;

    /// <summary>Recipients of an account in 24 hours. Google Workspace allows 2,000; Fastmail 4,000 to 8,000, Exchange Online 10,000.</summary>
    public int AccountPerDay { get; init; } = 2_000;

    /// <summary>Recipients of a tenant in a clock hour: a quarter of its day.</summary>
    public int TenantPerHour { get; init; } = 5_000;

    /// <summary>Recipients of a tenant in 24 hours: ten accounts that use all of theirs. Exchange Online counts a tenant's external recipients in the same way (TERRL).</summary>
    public int TenantPerDay { get; init; } = 20_000;

    /// <summary>Messages that an account may have held at a time (RFC 4865 §6). Gmail has 100 scheduled messages.</summary>
    public int AccountHeld { get; init; } = 100;

    public SendingLimits Account => new(AccountPerHour, AccountPerDay);

    public SendingLimits Tenant => new(TenantPerHour, TenantPerDay);

    public bool HasLimit => AccountPerHour + AccountPerDay + TenantPerHour + TenantPerDay > 0;

    /// <summary>Everything that is wrong, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        foreach (var (key, value) in new[]
        {
            (nameof(AccountPerHour), AccountPerHour), (nameof(AccountPerDay), AccountPerDay), (nameof(TenantPerHour), TenantPerHour), (nameof(TenantPerDay), TenantPerDay),
            (nameof(AccountHeld), AccountHeld),
        })
        {
            if (value is < 0 or > 100_000_000)
            {
                yield return $"Sending:{key} must be 0, which is no limit, to 100,000,000";
            }
        }
    }
}
