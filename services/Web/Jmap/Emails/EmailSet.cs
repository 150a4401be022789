using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/set (RFC 8621 §4.6): each Email that is made is one step of the mailbox, all that are changed and destroyed are one more.</summary>
internal static class EmailSet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var set = SetArguments.Read(call);
        call.Arguments.Done();
        var writer = await EmailWriter.BeginAsync(call, set.IfInState, cancellationToken);
        var outcome = new SetOutcome();
        try
        {
            foreach (var (creationId, node) in set.Create)
            {
                await CreateAsync(call, writer, outcome, creationId, node, cancellationToken);
            }

            await ChangeAsync(call, writer, outcome, set, cancellationToken);
        }
        catch (Exception e) when (e is not (MethodException or OperationCanceledException) && writer.States.Changed)
        {
            throw MethodException.PartialFail(e);
        }

        return outcome.ToJson(call, writer.States.Old, writer.States.New);
    }

    private static async Task CreateAsync(JmapCall call, EmailWriter writer, SetOutcome outcome, string creationId, JsonNode? node, CancellationToken cancellationToken)
    {
        try
        {
            var draft = new DraftReader(call.Request).Read(node);
            await using var intake = new MessageIntake(call);
            var message = new DraftWriter(call, intake.Octets);
            if (await message.FindBlobsAsync(draft, cancellationToken) is > 0 and var attached)
            {
                await writer.CheckRoomAsync(attached, draft.Folders, cancellationToken);
            }

            await message.WriteAsync(draft, cancellationToken);
            outcome.Created[creationId] = await intake.FileAsync(writer, draft.Folders, draft.Keywords, _ => draft.ReceivedAt, cancellationToken);
            call.Request.CreatedIds[creationId] = (string)outcome.Created[creationId]!["id"]!;
        }
        catch (SetException e)
        {
            outcome.NotCreated[creationId] = e.Error.ToJson();
        }
        catch (StorageFullException)
        {
            outcome.NotCreated[creationId] = new SetError("overQuota", "the server has no room for it").ToJson();
        }
    }

    private static async Task ChangeAsync(JmapCall call, EmailWriter writer, SetOutcome outcome, SetArguments set, CancellationToken cancellationToken)
    {
        var (updated, destroyed) = (new Dictionary<string, EmailUpdate>(StringComparer.Ordinal), new Dictionary<string, EmailUpdate>(StringComparer.Ordinal));
        foreach (var id in set.Destroy.Select(id => call.Request.Resolve(id) ?? id).Distinct(StringComparer.Ordinal))
        {
            if (ObjectIds.TryParseEmail(id, out var email))
            {
                destroyed[id] = new() { Email = email, Destroy = true };
            }
            else
            {
                outcome.NotDestroyed[id] = new SetError("notFound").ToJson();
            }
        }

        foreach (var (given, node) in set.Update)
        {
            var id = call.Request.Resolve(given) ?? given;
            if (Read(call, id, node, destroyed, out var update) is { } error)
            {
                outcome.NotUpdated[id] = error.ToJson();
            }
            else
            {
                updated[id] = update!;
            }
        }

        if (updated.Count + destroyed.Count == 0)
        {
            return;
        }

        var outcomes = await writer.UpdateAsync([.. updated.Values, .. destroyed.Values], cancellationToken);
        foreach (var (id, result) in updated.Keys.Zip(outcomes))
        {
            (result == EmailOutcome.Done ? outcome.Updated : outcome.NotUpdated)[id] = result == EmailOutcome.Done ? null : EmailWriter.ErrorOf(result).ToJson();
        }

        foreach (var (id, result) in destroyed.Keys.Zip(outcomes.Skip(updated.Count)))
        {
            if (result == EmailOutcome.Done)
            {
                outcome.Destroyed.Add(id);
            }
            else
            {
                outcome.NotDestroyed[id] = EmailWriter.ErrorOf(result).ToJson();
            }
        }
    }

    private static SetError? Read(JmapCall call, string id, JsonNode? node, Dictionary<string, EmailUpdate> destroyed, out EmailUpdate? update)
    {
        update = null;
        if (destroyed.ContainsKey(id))
        {
            return new("willDestroy", "the same call destroys it");
        }

        if (!ObjectIds.TryParseEmail(id, out var email))
        {
            return new("notFound");
        }

        try
        {
            update = new EmailPatch(email, id, call.Request).Read(node);
            return null;
        }
        catch (SetException e)
        {
            return e.Error;
        }
    }
}
