namespace MailCloud.Submission;

/// <summary>What a policy says to whoever sends, as SMTP would: a reply code (RFC 5321 §4.2), an enhanced status code (RFC 3463) and a text.</summary>
public sealed record PolicyReply(int Code, string Status, string Text)
{
    // RFC 3463 X.3.0 and X.4.3: nothing is said of what failed inside.
    public static readonly PolicyReply TryLater = new(451, "4.3.0", "local trouble, try again later");
    public static readonly PolicyReply DirectoryAway = new(451, "4.4.3", "the directory does not answer, try again later");

    public PolicyCause Cause { get; init; }

    public bool IsRefusal => Code >= 400;

    /// <summary>True when it may be otherwise later.</summary>
    public bool IsTransient => Code is >= 400 and < 500;
}

/// <summary>What a reply is about, where whoever gives it has more to do than to pass it on.</summary>
public enum PolicyCause
{
    None = 0,

    /// <summary>The tenant's suppression list has the address.</summary>
    Suppressed = 1,

    /// <summary>The account has sent to as many as it may.</summary>
    AccountCap = 2,

    /// <summary>The tenant's accounts together have.</summary>
    TenantCap = 3,

    /// <summary>Mail for a postmaster that nobody is.</summary>
    NoPostmaster = 4,
}
