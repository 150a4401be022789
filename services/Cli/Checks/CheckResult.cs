namespace MailCloud.Cli.Checks;

/// <summary>What a check of an installation found.</summary>
/// <param name="Advice">What to do; null when there is nothing to do.</param>
internal sealed record CheckResult(string Check, Verdict Verdict, string Found, string? Advice = null)
{
    public static CheckResult Ok(string check, string found, string? advice = null) => new(check, Verdict.Ok, found, advice);

    public static CheckResult Warning(string check, string found, string advice) => new(check, Verdict.Warning, found, advice);

    public static CheckResult Failed(string check, string found, string advice) => new(check, Verdict.Failed, found, advice);
}

/// <summary>A warning is of what works and is to be looked at; what failed does not work.</summary>
internal enum Verdict
{
    Ok,
    Warning,
    Failed,
}
