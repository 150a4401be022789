namespace MailCloud.Credentials;

/// <summary>What an account's own password needs beside it. App passwords and tokens need nothing.</summary>
/// <param name="Code">What the client has sent; null: it has sent none, or cannot.</param>
/// <param name="Check">Uses a code up. Asked only once the password is known to be right.</param>
public sealed record SecondFactor(string? Code, Func<string, CancellationToken, ValueTask<CodeAnswer>> Check)
{
    /// <summary>Of protocols that ask for no code: the password alone opens nothing there.</summary>
    public static readonly SecondFactor NotAskedFor = new(null, (_, _) => ValueTask.FromResult(CodeAnswer.Wrong));

    /// <summary>Without the code.</summary>
    public override string ToString() => nameof(SecondFactor);
}

public enum CodeAnswer
{
    Right,
    Wrong,

    /// <summary>Too many were wrong lately, and it was not looked at.</summary>
    TryLater,
}
