using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Mailbox/set (RFC 8621 §2.5): one step of the mailbox for each folder.</summary>
internal static class MailboxSet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var set = SetArguments.Read(call);
        var removeEmails = call.Arguments.FindBool("onDestroyRemoveEmails", false);
        call.Arguments.Done();

        // The grain takes no state for folders: others may change them between this look and the first change, as between any two.
        var now = await FolderReader.ReadModSeqAsync(call, cancellationToken);
        set.CheckState(JmapState.Text(now));
        var run = new Run(call, set, removeEmails);
        run.States.Add(now, now);
        try
        {
            await run.CreateAsync(cancellationToken);
            await run.UpdateAsync(cancellationToken);
            await run.DestroyAsync(cancellationToken);
        }
        catch (Exception e) when (e is not (MethodException or OperationCanceledException) && run.States.Changed)
        {
            throw MethodException.PartialFail(e);
        }

        return run.Outcome.ToJson(call, run.States.Old, run.States.New);
    }

    private sealed class Run(JmapCall call, SetArguments set, bool removeEmails)
    {
        private readonly IEmailGrain mailbox = call.Emails;

        public SetStates States { get; } = new();

        public SetOutcome Outcome { get; } = new();

        /// <summary>Those first whose parent is there: a parent that is made by the same call may stand after its child.</summary>
        public async Task CreateAsync(CancellationToken cancellationToken)
        {
            var waiting = set.Create.ToList();
            while (waiting.Count > 0)
            {
                var ready = waiting.FindAll(item => !WaitsFor(item.Value, waiting));

                // What is left refers to itself, by a circle.
                foreach (var (creationId, node) in ready.Count > 0 ? ready : waiting)
                {
                    await CreateAsync(creationId, node, cancellationToken);
                }

                waiting = ready.Count > 0 ? [.. waiting.Except(ready)] : [];
            }
        }

        public async Task UpdateAsync(CancellationToken cancellationToken)
        {
            var destroyed = set.Destroy.Select(id => call.Request.Resolve(id) ?? id).ToHashSet(StringComparer.Ordinal);
            foreach (var (given, node) in set.Update)
            {
                var id = call.Request.Resolve(given) ?? given;
                if (await UpdateAsync(id, node, destroyed, cancellationToken) is { } error)
                {
                    Outcome.NotUpdated[id] = error.ToJson();
                }
            }
        }

        /// <summary>Those first that have none below: a parent goes after its children, whatever their order in the call.</summary>
        public async Task DestroyAsync(CancellationToken cancellationToken)
        {
            var waiting = set.Destroy.Select(id => call.Request.Resolve(id) ?? id).Distinct(StringComparer.Ordinal).ToList();
            for (var before = int.MaxValue; waiting.Count > 0 && waiting.Count < before;)
            {
                before = waiting.Count;
                var parents = new List<string>();
                foreach (var id in waiting)
                {
                    if (await DestroyAsync(id, cancellationToken) == EmailFolderOutcome.HasChild)
                    {
                        parents.Add(id);
                    }
                }

                waiting = parents;
            }

            foreach (var id in waiting)
            {
                Outcome.NotDestroyed[id] = new SetError("mailboxHasChild", "another mailbox is below it").ToJson();
            }
        }

        private static bool WaitsFor(JsonNode? node, List<KeyValuePair<string, JsonNode?>> waiting) =>
            node is JsonObject json && JmapArguments.TextOf(json["parentId"]) is ['#', .. var parent] && waiting.Exists(other => other.Key == parent);

        private async Task CreateAsync(string creationId, JsonNode? node, CancellationToken cancellationToken)
        {
            try
            {
                var folder = Read(node);
                var operation = Guid.NewGuid();
                var result = await AskAsync(() => mailbox.AddFolderAsync(operation, folder), cancellationToken);
                if (ErrorOf(result.Outcome, changesUse: folder.SpecialUse is not null) is { } error)
                {
                    throw new SetException(error);
                }

                Outcome.Created[creationId] = Created(result.Folder, folder, node!.AsObject());
                call.Request.CreatedIds[creationId] = ObjectIds.OfFolder(result.Folder);
            }
            catch (SetException e)
            {
                Outcome.NotCreated[creationId] = e.Error.ToJson();
            }
        }

        private NewEmailFolder Read(JsonNode? node)
        {
            var json = node as JsonObject ?? throw SetException.Invalid("a Mailbox is an object");
            if (json.FirstOrDefault(member => member.Key is not ("name" or "parentId" or "role" or "sortOrder" or "isSubscribed")).Key is { } other)
            {
                throw SetException.Invalid($"{other} cannot be set", other);
            }

            return new(
                MailboxProperties.Parent(json["parentId"], call.Request),
                MailboxProperties.Name(json["name"]),
                MailboxProperties.Use(json["role"]),
                MailboxProperties.SortOrder(json["sortOrder"]),
                MailboxProperties.Subscribed(json["isSubscribed"]));
        }

        // RFC 8620 §5.3: what the client does not know yet, set by the server or by default.
        private static JsonObject Created(int id, NewEmailFolder folder, JsonObject given)
        {
            var name = folder.Name.Normalize(NormalizationForm.FormC);

            // Below something, as only at the top INBOX is the Inbox: where it stands the client has said itself.
            var record = MailboxRecord.Build(
                new() { Id = id, Name = $"/{name}", SpecialUse = folder.SpecialUse, Subscribed = folder.Subscribed, SortOrder = folder.SortOrder, TotalEmails = 0, UnreadEmails = 0, TotalThreads = 0, UnreadThreads = 0 },
                new([]));
            foreach (var known in given.Select(member => member.Key).Where(key => key != "name" || name == folder.Name).ToList())
            {
                record.Remove(known);
            }

            return record;
        }

        private async Task<SetError?> UpdateAsync(string id, JsonNode? node, HashSet<string> destroyed, CancellationToken cancellationToken)
        {
            if (destroyed.Contains(id))
            {
                return new("willDestroy", "the same call destroys it");
            }

            if (!ObjectIds.TryParseFolder(id, out var folder))
            {
                return new("notFound");
            }

            try
            {
                var update = PatchObject.Read(node).Patches.Aggregate(new EmailFolderUpdate { Folder = folder }, (whole, patch) => With(whole, id, patch.Path, patch.Value));
                var operation = Guid.NewGuid();
                var result = await AskAsync(() => mailbox.UpdateFolderAsync(operation, update), cancellationToken);
                if (ErrorOf(result.Outcome, update.ChangesUse && update.Name is null && !update.Moves) is { } error)
                {
                    return error;
                }

                var name = update.Name?.Normalize(NormalizationForm.FormC);
                Outcome.Updated[id] = name == update.Name ? null : new JsonObject { ["name"] = name };
                return null;
            }
            catch (SetException e)
            {
                return e.Error;
            }
        }

        private EmailFolderUpdate With(EmailFolderUpdate update, string id, string[] path, JsonNode? value) => path switch
        {
            ["name"] => update with { Name = MailboxProperties.Name(value) },
            ["parentId"] => update with { Moves = true, Parent = MailboxProperties.Parent(value, call.Request) },
            ["role"] => update with { ChangesUse = true, SpecialUse = MailboxProperties.Use(value) },
            ["sortOrder"] => update with { SortOrder = MailboxProperties.SortOrder(value) },
            ["isSubscribed"] => update with { Subscribed = MailboxProperties.Subscribed(value) },
            ["id"] when JmapArguments.TextOf(value) == id => update,
            [var other] => throw SetException.Invalid(MailboxProperties.IsOfServer(other) ? $"{other} is not the client's to set" : $"there is no {other}", other),
            _ => throw PatchObject.Wrong($"{string.Join('/', path)} leads below a value"),
        };

        private async Task<EmailFolderOutcome> DestroyAsync(string id, CancellationToken cancellationToken)
        {
            if (!ObjectIds.TryParseFolder(id, out var folder))
            {
                Outcome.NotDestroyed[id] = new SetError("notFound").ToJson();
                return EmailFolderOutcome.NotFound;
            }

            var operation = Guid.NewGuid();
            var result = await AskAsync(() => mailbox.RemoveFolderAsync(operation, folder, removeEmails), cancellationToken);
            switch (result.Outcome)
            {
                case EmailFolderOutcome.Done:
                    Outcome.Destroyed.Add(id);
                    break;
                case EmailFolderOutcome.HasEmails:
                    Outcome.NotDestroyed[id] = new SetError("mailboxHasEmail", "Emails are in it, and onDestroyRemoveEmails is not given").ToJson();
                    break;
                case not EmailFolderOutcome.HasChild:
                    Outcome.NotDestroyed[id] = ErrorOf(result.Outcome, changesUse: false)!.ToJson();
                    break;
            }

            return result.Outcome;
        }

        private async Task<EmailFolderResult> AskAsync(Func<Task<EmailFolderResult>> ask, CancellationToken cancellationToken)
        {
            var result = await call.Services.Calls.CallAsync(ask, cancellationToken);
            States.Add(result.OldModSeq, result.ModSeq);
            return result;
        }

        private static SetError? ErrorOf(EmailFolderOutcome outcome, bool changesUse) => outcome switch
        {
            EmailFolderOutcome.Done => null,
            EmailFolderOutcome.NotFound => new("notFound"),
            EmailFolderOutcome.Exists => SetError.InvalidProperties("there is a mailbox of this name", "name"),
            EmailFolderOutcome.InvalidName => SetError.InvalidProperties("a name has no slash, * or %, no control character, and with those above it 1,000 octets and 32 levels at most", "name"),
            EmailFolderOutcome.NoSuchParent => SetError.InvalidProperties("there is no such mailbox, or it is below this one", "parentId"),
            EmailFolderOutcome.UseTaken => SetError.InvalidProperties("another mailbox has this role", "role"),
            EmailFolderOutcome.NotPermitted when changesUse => SetError.InvalidProperties("the Inbox has its role for ever", "role"),
            EmailFolderOutcome.NotPermitted => new("forbidden", "the Inbox stays where it is"),
            EmailFolderOutcome.TooMany => new("overQuota", "the account has as many mailboxes as it may have"),
            _ => throw new InvalidOperationException($"{outcome} is told otherwise"),
        };
    }
}
