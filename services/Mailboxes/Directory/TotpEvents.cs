using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

[GenerateSerializer, Immutable, Alias("mc.TotpEvent")]
internal abstract record TotpEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>A secret was made, which counts once it is confirmed.</summary>
[GenerateSerializer, Immutable, Alias("mc.TotpBegun")]
internal sealed record TotpBegun([property: Id(0)] TotpSecret Secret) : TotpEvent;

/// <summary>The secret counts, and these are the recovery codes.</summary>
/// <param name="Step">Of the code by which it was confirmed.</param>
[GenerateSerializer, Immutable, Alias("mc.TotpConfirmed")]
internal sealed record TotpConfirmed([property: Id(0)] DateTimeOffset At, [property: Id(1)] long Step, [property: Id(2)] string[] RecoveryDigests) : TotpEvent;

/// <summary>A code was used, of this step or this recovery code.</summary>
[GenerateSerializer, Immutable, Alias("mc.TotpUsed")]
internal sealed record TotpUsed([property: Id(0)] Guid Attempt, [property: Id(1)] long? Step, [property: Id(2)] string? RecoveryDigest) : TotpEvent;

[GenerateSerializer, Immutable, Alias("mc.TotpRemoved")]
internal sealed record TotpRemoved : TotpEvent;

[GenerateSerializer, Alias("mc.TotpState")]
internal sealed record TotpState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Null: there is none.</summary>
    [Id(0)] public TotpSecret? Secret { get; set; }

    /// <summary>Null: the secret is not confirmed.</summary>
    [Id(1)] public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>The last step of which a code was used: no code of it, or of one before, passes again (RFC 6238 §5.2).</summary>
    [Id(2)] public long LastStep { get; set; }

    /// <summary>The last attempt that was right.</summary>
    [Id(3)] public Guid? LastAttempt { get; set; }

    [Id(4)] public List<string> RecoveryDigests { get; init; } = [];
}
