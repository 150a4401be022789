using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>Works through the lines of an import, from the octet that its state says. What a step has done is one event; a death repeats one step.</summary>
internal sealed class ImportWork(JobSpec spec, AccountImporter importer, IMessageBlobs blobs, TimeProvider time) : IJobWork
{
    /// <summary>Lines between two entries in the journal: one to two seconds, as 160 to 200 accounts are made in one.</summary>
    private const int LinesAtOnce = 200;

    /// <summary>How often lines of which some could not be stored are done again before these have failed.</summary>
    private const int PatientAttempts = 5;

    public IReadOnlyDictionary<string, long>? Counts => null;

    public async IAsyncEnumerable<JobEvent> RunAsync(JobState state, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (state.Done < state.Total)
        {
            using var input = new InputLines(await blobs.OpenReadAsync(state.Input!, state.Offset, null, cancellationToken));
            while (state.Done < state.Total)
            {
                var (lines, octets) = await input.ReadAsync(LinesAtOnce, cancellationToken);
                if (lines.Count == 0)
                {
                    throw new InvalidDataException($"the input ends after {state.Done} of {state.Total} lines");
                }

                var outcomes = await importer.RunAsync(lines, spec.Tenant, state.Attempts < PatientAttempts, cancellationToken);
                yield return StepOf(lines, octets, outcomes, JobWorks.MostRecords - state.Sequence);
            }
        }

        var failed = state.Counts.GetValueOrDefault("failed");
        yield return new JobEnded(time.GetUtcNow(), JobStatus.Done, $"{state.Done - failed} accounts imported, {failed} lines failed", null);
    }

    private static JobAdvanced StepOf(List<AccountToImport> lines, long octets, ImportOutcome[] outcomes, long mostRecords)
    {
        var failed = lines.Zip(outcomes)
            .Where(done => done.Second.Error is not null)
            .Select(done => new JobRecord { Kind = "failed", Subject = done.First.Address ?? "", Text = done.Second.Error!, Line = done.First.Line });
        return new(
            octets,
            lines.Count,
            outcomes.GroupBy(outcome => outcome.Name).ToDictionary(outcome => outcome.Key, outcome => (long)outcome.Count()),
            [.. failed.Take((int)Math.Max(0, mostRecords))]);
    }
}
