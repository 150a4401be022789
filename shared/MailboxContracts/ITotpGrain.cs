using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The second factor of one account: codes by time (RFC 6238), and recovery codes in their place. Key: the address' <see cref="Messages.EmailAddress.Key"/>. A grain of its own, as a domain's DKIM
/// keys have: the address, which every RCPT asks, holds no secret that could be used. Whether a code is asked for stands in <see cref="AddressRecord.HasSecondFactor"/>.
/// </summary>
[Alias("mc.ITotpGrain")]
public interface ITotpGrain : IGrainWithStringKey
{
    [Alias("Get")]
    Task<TotpStatus> GetAsync();

    /// <summary>A new secret, which counts once it is confirmed; the one before, if it was not confirmed, is forgotten. Null: the account has a second factor, or there is no such account.</summary>
    [Alias("Begin")]
    Task<TotpSecret?> BeginAsync();

    /// <summary>
    /// By a code of the secret: from now on the account has a second factor. Again with a further code it has new recovery codes, and what a crash interrupted is finished.
    /// </summary>
    /// <param name="recoveryDigests">What is kept of the recovery codes: nobody can tell them from that.</param>
    [Alias("Confirm")]
    Task<TotpAnswer> ConfirmAsync(string code, string[] recoveryDigests);

    /// <summary>Uses a code up, durably, before it is said to be right: no other sign-in passes by it.</summary>
    /// <param name="attempt">A repeat with the same id has the same answer.</param>
    /// <param name="code">Six digits.</param>
    /// <param name="recoveryDigest">What is kept of the code, if it is a recovery code; null: it does not look like one.</param>
    [Alias("Use")]
    Task<TotpAnswer> UseAsync(Guid attempt, string code, string? recoveryDigest);

    /// <summary>The account has no second factor any more.</summary>
    [Alias("Remove")]
    Task RemoveAsync();

    /// <summary>Removes all of it for good. Interleaves, as the address that asks for it may be asked meanwhile.</summary>
    [AlwaysInterleave, Alias("Destroy")]
    Task DestroyAsync();
}

/// <param name="Octets">The shared secret, 160 bits (RFC 4226 §4 R6).</param>
[GenerateSerializer, Immutable, Alias("mc.TotpSecret")]
public sealed record TotpSecret([property: Id(0)] ReadOnlyMemory<byte> Octets)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => nameof(TotpSecret);
}

/// <param name="IsBegun">There is a secret that is not confirmed.</param>
/// <param name="ConfirmedAt">Null: none is.</param>
/// <param name="RecoveryCodes">How many are left.</param>
[GenerateSerializer, Immutable, Alias("mc.TotpStatus")]
public sealed record TotpStatus([property: Id(0)] bool IsBegun, [property: Id(1)] DateTimeOffset? ConfirmedAt, [property: Id(2)] int RecoveryCodes);

public enum TotpAnswer
{
    Right = 0,

    /// <summary>No code of this time, or one that was used.</summary>
    Wrong = 1,

    /// <summary>Not looked at: too many were wrong lately.</summary>
    TooMany = 2,

    /// <summary>There is no secret, or no account.</summary>
    NoSecret = 3,
}
