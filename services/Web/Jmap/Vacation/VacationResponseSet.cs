using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Vacation;

/// <summary>VacationResponse/set (RFC 8621 §8.2): there is one, which is neither made nor destroyed.</summary>
internal static class VacationResponseSet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = SetArguments.Read(call);
        call.Arguments.Done();
        var before = await VacationResponseGet.ReadAsync(call, cancellationToken).ConfigureAwait(false);
        request.CheckState(JmapState.Text(before.State));
        var outcome = new SetOutcome();
        var (old, state) = (before.State, before.State);
        foreach (var (creation, _) in request.Create)
        {
            outcome.NotCreated[creation] = Singleton.ToJson();
        }

        foreach (var (id, patch) in request.Update)
        {
            if (id != VacationJson.Id || patch is not JsonObject given)
            {
                outcome.NotUpdated[id] = (id != VacationJson.Id ? new SetError("notFound") : new("invalidPatch", "a patch is an object")).ToJson();
                continue;
            }

            (var error, old, state) = await UpdateAsync(call, request, before, given, cancellationToken).ConfigureAwait(false);
            if (error is null)
            {
                outcome.Updated[id] = null;
            }
            else
            {
                outcome.NotUpdated[id] = error.ToJson();
            }
        }

        foreach (var id in request.Destroy)
        {
            outcome.NotDestroyed[id] = (id == VacationJson.Id ? Singleton : new SetError("notFound")).ToJson();
        }

        return outcome.ToJson(call, JmapState.Text(old), JmapState.Text(state));
    }

    // RFC 8620 §5.3.
    private static SetError Singleton => new("singleton", "there is one, and it stays");

    // A patch is of the properties that it names: where others were changed meanwhile, it is of the response as that has become.
    private static async Task<(SetError? Error, long Old, long State)> UpdateAsync(
        JmapCall call, SetArguments request, KeptVacation before, JsonObject given, CancellationToken cancellationToken)
    {
        var grain = call.Services.Grains.GetGrain<IVacationGrain>(call.Account.Value);
        while (true)
        {
            if (VacationJson.Read(before.Response, given, out var read) is { } error)
            {
                return (error, before.State, before.State);
            }

            var (changed, at) = (read with { Address = call.User.Address }, before.State);
            var result = await call.Services.Calls.CallAsync(() => grain.SetAsync(changed, at), cancellationToken).ConfigureAwait(false);
            if (!result.IsStateMismatch)
            {
                return (null, result.OldState, result.State);
            }

            before = await VacationResponseGet.ReadAsync(call, cancellationToken).ConfigureAwait(false);
            request.CheckState(JmapState.Text(before.State));
        }
    }
}
