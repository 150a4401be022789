using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Threads;

/// <summary>
/// Thread/changes (RFC 8621 §3.2), from the changes of Emails: a thread is new when all of its Emails are, gone when it has none, and changed when some are new, or may be missing.
/// </summary>
internal static class ThreadChanges
{
    /// <summary>Changes of Emails that are looked at beyond an answer that is cut, to tell threads that are new from others.</summary>
    private const int LookAhead = 10_000;

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var changes = await Emails.EmailChanges.ReadAsync(call, request.SinceState, request.MaxChanges, cancellationToken).ConfigureAwait(false);
        if (changes.ThreadsUnknown)
        {
            throw StandardChanges.CannotCalculate;
        }

        HashSet<Guid> madeHere = [.. changes.Created];
        HashSet<Guid> made = changes.HasMore ? [.. madeHere, .. await LaterAsync(call, changes.State, cancellationToken).ConfigureAwait(false)] : madeHere;
        var grain = call.Emails;
        var threads = await call.Services.Calls.CallAsync(() => grain.GetThreadsAsync(changes.Threads), cancellationToken).ConfigureAwait(false);

        var created = threads.Where(thread => thread.Emails.All(made.Contains)).Select(thread => thread.Id).ToHashSet();
        var updated = threads.Where(thread => !created.Contains(thread.Id) && (changes.Destroyed.Length > 0 || thread.Emails.Any(madeHere.Contains)));
        var destroyed = changes.Threads.Except(threads.Select(thread => thread.Id));
        return request.Response(
            call,
            JmapState.Text(changes.State),
            changes.HasMore,
            created.Select(ObjectIds.OfThread),
            updated.Select(thread => ObjectIds.OfThread(thread.Id)),
            destroyed.Select(ObjectIds.OfThread));
    }

    private static async Task<Guid[]> LaterAsync(JmapCall call, EmailState since, CancellationToken cancellationToken)
    {
        var grain = call.Emails;
        return (await call.Services.Calls.CallAsync(() => grain.GetChangesAsync(since, LookAhead), cancellationToken).ConfigureAwait(false)).Created;
    }
}
