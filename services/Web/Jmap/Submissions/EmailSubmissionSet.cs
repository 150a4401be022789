using System.Text.Json.Nodes;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>EmailSubmission/set (RFC 8621 §7.5), with the one Email/set that may follow it.</summary>
internal static class EmailSubmissionSet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = SetArguments.Read(call);
        var onSuccessUpdate = call.Arguments.FindObject("onSuccessUpdateEmail") ?? [];
        var onSuccessDestroy = call.Arguments.FindTexts("onSuccessDestroyEmail") ?? [];
        call.Arguments.Done();
        if (request.Create.Concat(request.Update).Concat(onSuccessUpdate).Any(each => each.Value is not JsonObject))
        {
            throw MethodException.InvalidArguments("create, update and onSuccessUpdateEmail have objects");
        }

        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        var before = (await call.Services.Calls.CallAsync(() => grain.GetStatesAsync(), cancellationToken).ConfigureAwait(false)).Submissions;
        request.CheckState(JmapState.Text(before));
        var run = new Run(call, grain, request.IfInState is null ? null : before);
        foreach (var (creation, given) in request.Create)
        {
            await run.TryAsync(() => run.CreateAsync(creation, given!.AsObject(), cancellationToken), run.Outcome.NotCreated, creation).ConfigureAwait(false);
        }

        foreach (var (id, patch) in request.Update)
        {
            await run.TryAsync(() => run.UpdateAsync(id, patch!.AsObject(), cancellationToken), run.Outcome.NotUpdated, id).ConfigureAwait(false);
        }

        foreach (var id in request.Destroy)
        {
            await run.TryAsync(() => run.DestroyAsync(id, cancellationToken), run.Outcome.NotDestroyed, id).ConfigureAwait(false);
        }

        run.Follow(onSuccessUpdate, onSuccessDestroy);
        return run.Outcome.ToJson(call, JmapState.Text(before), JmapState.Text(await StateAfterAsync(call, grain, before).ConfigureAwait(false)));
    }

    // What was sent is told, whatever became of who asks: an older state makes a client only ask for more changes.
    private static async Task<long> StateAfterAsync(JmapCall call, ISubmissionsGrain grain, long before)
    {
        try
        {
            return (await call.Services.Calls.CallAsync(() => grain.GetStatesAsync(), CancellationToken.None).ConfigureAwait(false)).Submissions;
        }
        catch (GrainUnavailableException)
        {
            return before;
        }
    }

    /// <param name="call">The call.</param>
    /// <param name="grain">The account's submissions.</param>
    /// <param name="ifState">The state that the first change must meet.</param>
    private sealed class Run(JmapCall call, ISubmissionsGrain grain, long? ifState)
    {
        /// <summary>The Emails of submissions that were made, changed or destroyed, by the submission's id.</summary>
        private readonly Dictionary<string, string> emails = new(StringComparer.Ordinal);

        public SetOutcome Outcome { get; } = new();

        /// <summary>A fault is that of one record: what was done of the others is told, or whoever repeats the call would send their mail twice.</summary>
        public async Task TryAsync(Func<Task> act, JsonObject failed, string id)
        {
            try
            {
                await act().ConfigureAwait(false);
            }
            catch (Exception e) when (e is not (OperationCanceledException or MethodException))
            {
                call.Services.Loggers.CreateLogger("MailCloud.Web.Jmap").MethodFailed(call.Method, call.Account.Value, e);
                failed[id] = new SetError("serverFail", "it may or may not have been done, try again: mail that is sent again arrives once").ToJson();
            }
        }

        public async Task CreateAsync(string creation, JsonObject given, CancellationToken cancellationToken)
        {
            var (submission, error) = await new SubmissionCreation(call, grain, ifState).RunAsync(given, cancellationToken).ConfigureAwait(false);
            if (submission is null)
            {
                Outcome.NotCreated[creation] = error!.ToJson();
                return;
            }

            ifState = null;
            var id = SubmissionJson.IdOf(submission.Id);
            var told = await DeliveryStatus.ReadAsync(call.Services, submission with { Undo = UndoStatus.Pending }, cancellationToken).ConfigureAwait(false);
            var json = SubmissionJson.Of(submission, told.Status, reports: []);
            foreach (var name in given.Where(member => member.Value is not null).Select(member => member.Key))
            {
                json.Remove(name);
            }

            call.Request.CreatedIds[creation] = id;
            Outcome.Created[creation] = json;
            emails[id] = ObjectIds.OfEmail(submission.Email);
        }

        public async Task UpdateAsync(string given, JsonObject patch, CancellationToken cancellationToken)
        {
            var id = call.Request.Resolve(given) ?? given;
            var submission = await FindAsync(id, cancellationToken).ConfigureAwait(false);
            var error = submission is null ? new("notFound")
                : patch.Count != 1 || !patch.ContainsKey("undoStatus") ? SetError.InvalidProperties("only undoStatus changes", [.. patch.Select(member => member.Key).Where(name => name != "undoStatus")])
                : JmapArguments.TextOf(patch["undoStatus"]) != "canceled" ? SetError.InvalidProperties("it can be set to canceled only", "undoStatus")
                : await CancelAsync(submission, cancellationToken).ConfigureAwait(false);
            if (error is not null)
            {
                Outcome.NotUpdated[id] = error.ToJson();
                return;
            }

            Outcome.Updated[id] = null;
            emails[id] = ObjectIds.OfEmail(submission!.Email);
        }

        public async Task DestroyAsync(string given, CancellationToken cancellationToken)
        {
            var id = call.Request.Resolve(given) ?? given;
            var submission = await FindAsync(id, cancellationToken).ConfigureAwait(false);
            var result = submission is null ? default : await call.Services.Calls.CallAsync(() => grain.RemoveAsync(submission.Id, ifState), cancellationToken).ConfigureAwait(false);
            if ((submission is null ? new("notFound") : SentRecords.ErrorOf(result.Outcome)) is { } error)
            {
                Outcome.NotDestroyed[id] = error.ToJson();
                return;
            }

            ifState = null;
            Outcome.Destroyed.Add(id);
            emails[id] = ObjectIds.OfEmail(submission!.Email);
        }

        /// <summary>RFC 8621 §7.5: one implicit Email/set, of the Emails of those that succeeded.</summary>
        public void Follow(JsonObject updates, IReadOnlyList<string> destroys)
        {
            var update = new JsonObject();
            foreach (var (submission, patch) in updates)
            {
                if (EmailOf(submission) is { } email)
                {
                    update[email] = patch!.DeepClone();
                }
            }

            var destroy = destroys.Select(EmailOf).OfType<string>().Distinct().ToArray();
            if (update.Count + destroy.Length > 0)
            {
                call.Request.Follow("Email/set", new() { ["accountId"] = call.User.AccountKey, ["update"] = update, ["destroy"] = JmapText.Array(destroy) });
            }
        }

        private string? EmailOf(string submission) => emails.GetValueOrDefault(call.Request.Resolve(submission) ?? submission);

        private async Task<MailSubmission?> FindAsync(string id, CancellationToken cancellationToken) => SubmissionJson.TryParseId(id, out var submission)
            ? (await call.Services.Calls.CallAsync(() => grain.GetAsync([submission]), cancellationToken).ConfigureAwait(false)).Submissions.FirstOrDefault()
            : null;

        private async Task<SetError?> CancelAsync(MailSubmission submission, CancellationToken cancellationToken)
        {
            var result = await call.Services.Calls.CallAsync(() => grain.CancelAsync(submission.Id), cancellationToken).ConfigureAwait(false);
            if (result.Outcome == SentOutcome.Done && submission.Undo == UndoStatus.Pending)
            {
                var at = call.Services.Time.GetUtcNow();
                call.Services.Sending.Tracer.Add([.. submission.Messages.Select(message => new TraceEvent
                {
                    Delivery = message.Delivery,
                    At = at,
                    Kind = TraceKind.Cancelled,
                    Recipients = [.. message.Recipients.Select(recipient => recipient.Address.ToString())],
                })]);
            }

            return SentRecords.ErrorOf(result.Outcome);
        }
    }
}
