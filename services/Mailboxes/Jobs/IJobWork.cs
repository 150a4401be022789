namespace MailCloud.Mailboxes.Jobs;

/// <summary>The work of one job, from its beginning or from where it broke off to its end.</summary>
internal interface IJobWork
{
    /// <summary>What it has counted so far; null: what it counts is in the job's state.</summary>
    IReadOnlyDictionary<string, long>? Counts { get; }

    /// <summary>What is to go into the job's journal, as it is done; the last is its end. It goes on when that is applied to the state.</summary>
    /// <exception cref="JobRefusedException">It cannot be done.</exception>
    IAsyncEnumerable<JobEvent> RunAsync(JobState state, CancellationToken cancellationToken);
}

/// <summary>The job cannot be done, now or when it is tried again; the message says why, and what to do.</summary>
internal sealed class JobRefusedException(string why) : Exception(why);
