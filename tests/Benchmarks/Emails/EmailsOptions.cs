namespace MailCloud.Benchmarks.Emails;

internal sealed record EmailsOptions
{
    /// <summary>Of the mailbox.</summary>
    public required int Messages { get; init; }

    /// <summary>How often each question is asked, and the silo started anew for those that are asked of a cold one.</summary>
    public required int Rounds { get; init; }

    /// <summary>For the silo's data; its content is deleted.</summary>
    public required string Data { get; init; }
}
