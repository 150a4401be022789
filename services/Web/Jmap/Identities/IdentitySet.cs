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
        foreach (var (creation, given) in request.Create)
        {
            await run.CreateAsync(creation, given as JsonObject ?? throw MethodException.InvalidArguments("create has objects"), cancellationToken).ConfigureAwait(false);
        }

        foreach (var (id, patch) in request.Update)
        {
            await run.UpdateAsync(id, patch as JsonObject ?? throw MethodException.InvalidArguments("update has objects"), cancellationToken).ConfigureAwait(false);
        }

        foreach (var id in request.Destroy)
        {
            await run.DestroyAsync(id, cancellationToken).ConfigureAwait(false);
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

        public async Task CreateAsync(string creation, JsonObject given, CancellationToken cancellationToken)
        {
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

        public async Task UpdateAsync(string given, JsonObject patch, CancellationToken cancellationToken)
        {
            var id = call.Request.Resolve(given) ?? given;
            var changed = default(SendingIdentity);
            var error = identities.TryGetValue(id, out var identity)
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

        public async Task DestroyAsync(string given, CancellationToken cancellationToken)
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
