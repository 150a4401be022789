using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Identities;

/// <summary>Identity/set (RFC 8621 §6.3).</summary>
internal static class IdentitySet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = SetArguments.Read(call);
        call.Arguments.Done();
        var before = await IdentityGet.ReadAsync(call, cancellationToken).ConfigureAwait(false);
        request.CheckState(JmapState.Text(before.State));
        var run = new Run(call, before, request.IfInState is null ? null : before.State);
        try
        {
            await run.AllAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (MethodException or OperationCanceledException) && run.State != before.State)
        {
            throw MethodException.PartialFail(e);
        }

        return run.Outcome.ToJson(call, JmapState.Text(before.State), JmapState.Text(run.State));
    }

    /// <param name="call">The call.</param>
    /// <param name="before">The identities before it.</param>
    /// <param name="ifState">The state that the first change must meet.</param>
    private sealed class Run(JmapCall call, IdentityList before, long? ifState)
    {
        private readonly ISubmissionsGrain grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        private readonly Dictionary<string, SendingIdentity> identities = before.Identities.ToDictionary(identity => IdentityJson.IdOf(identity.Id));

        public SetOutcome Outcome { get; } = new();

        public long State { get; private set; } = before.State;

        public async Task AllAsync(SetArguments request, CancellationToken cancellationToken)
        {
            foreach (var (creation, given) in request.Create)
            {
                await CreateAsync(creation, given, cancellationToken).ConfigureAwait(false);
            }

            foreach (var (id, patch) in request.Update)
            {
                await UpdateAsync(id, patch, cancellationToken).ConfigureAwait(false);
            }

            foreach (var id in request.Destroy)
            {
                await DestroyAsync(id, cancellationToken).ConfigureAwait(false);
            }
        }

        private async Task CreateAsync(string creation, JsonNode? node, CancellationToken cancellationToken)
        {
            if (node is not JsonObject given)
            {
                Outcome.NotCreated[creation] = SetError.InvalidProperties("an identity is an object").ToJson();
                return;
            }

            var made = new SendingIdentity { Id = Guid.CreateVersion7(call.Services.Time.GetUtcNow()) };
            var error = IdentityJson.Read(made, given, call.User, isNew: true, out made) ?? await CheckOwnedAsync(made.Email, cancellationToken).ConfigureAwait(false)
                ?? await ChangeAsync(() => grain.PutIdentityAsync(made, ifState), cancellationToken).ConfigureAwait(false);
            if (error is not null)
            {
                Outcome.NotCreated[creation] = error.ToJson();
                return;
            }

            var json = IdentityJson.Of(made, call.User);
            foreach (var name in given.Select(member => member.Key))
            {
                json.Remove(name);
            }

            var id = IdentityJson.IdOf(made.Id);
            identities[id] = made;
            call.Request.CreatedIds[creation] = id;
            Outcome.Created[creation] = json;
        }

        private async Task UpdateAsync(string given, JsonNode? node, CancellationToken cancellationToken)
        {
            var id = call.Request.Resolve(given) ?? given;
            var changed = default(SendingIdentity);
            var error = node is not JsonObject patch ? new("invalidPatch", "a patch is an object")
                : identities.TryGetValue(id, out var identity)
                ? IdentityJson.Read(identity, patch, call.User, isNew: false, out changed) ?? await ChangeAsync(() => grain.PutIdentityAsync(changed!, ifState), cancellationToken).ConfigureAwait(false)
                : new SetError("notFound");
            if (error is null)
            {
                identities[id] = changed!;
                Outcome.Updated[id] = null;
            }
            else
            {
                Outcome.NotUpdated[id] = error.ToJson();
            }
        }

        private async Task DestroyAsync(string given, CancellationToken cancellationToken)
        {
            var id = call.Request.Resolve(given) ?? given;
            var error = IdentityJson.TryParseId(id, out var identity)
                ? await ChangeAsync(() => grain.RemoveIdentityAsync(identity, ifState), cancellationToken).ConfigureAwait(false)
                : new SetError("notFound");
            if (error is null)
            {
                identities.Remove(id);
                Outcome.Destroyed.Add(id);
            }
            else
            {
                Outcome.NotDestroyed[id] = error.ToJson();
            }
        }

        private async Task<SetError?> CheckOwnedAsync(string email, CancellationToken cancellationToken)
        {
            _ = EmailAddress.TryParse(email, out var address);
            return await call.Services.Sending.OwnsAsync(call.User, address, cancellationToken).ConfigureAwait(false) ? null : new("forbiddenFrom", $"you may not send as {email}");
        }

        private async Task<SetError?> ChangeAsync(Func<Task<SentResult>> change, CancellationToken cancellationToken)
        {
            var result = await call.Services.Calls.CallAsync(change, cancellationToken).ConfigureAwait(false);
            var error = SentRecords.ErrorOf(result.Outcome);
            (State, ifState) = (result.State, null);
            return error;
        }
    }
}
