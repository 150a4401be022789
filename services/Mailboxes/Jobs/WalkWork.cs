using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>A walk over what is stored. It has no place to go on from: after a death it begins anew.</summary>
/// <param name="counts">Grow while it walks.</param>
internal sealed class WalkWork(IAsyncEnumerable<UpkeepRecord> walk, Func<IReadOnlyDictionary<string, long>> counts, TimeProvider time) : IJobWork
{
    public IReadOnlyDictionary<string, long> Counts => counts();

    public async IAsyncEnumerable<JobEvent> RunAsync(JobState state, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = 0;
        await foreach (var finding in walk.WithCancellation(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (finding.Kind == UpkeepKind.Summary)
            {
                yield return new JobEnded(time.GetUtcNow(), JobStatus.Done, finding.Text, new(finding.Counts));
            }
            else if (++found <= JobWorks.MostRecords)
            {
                yield return new JobFound(new() { Kind = finding.Kind.ToString().ToLowerInvariant(), Subject = finding.Subject, Text = finding.Text });
            }
        }
    }
}
