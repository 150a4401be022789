using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Decides what becomes of a folder that is named by its id, its level's name and its parent (RFC 8621 §2).</summary>
internal sealed class EmailFolderDecisions(MailboxState state, Guid operation, DateTimeOffset now)
{
    private readonly FolderDecisions byName = new(state, operation, now);
    private readonly List<MailboxEvent> recorded = [];

    /// <summary>What to record; empty unless the decision was <see cref="EmailFolderOutcome.Done"/>.</summary>
    public IReadOnlyList<MailboxEvent> Recorded => recorded;

    public int Folder { get; private set; }

    public EmailFolderOutcome Add(NewEmailFolder folder)
    {
        if (NameBelow(folder.Parent, folder.Name, out var name) is var wrong && wrong != EmailFolderOutcome.Done)
        {
            return wrong;
        }

        if (UseRefusal(folder.SpecialUse, except: 0) is { } refusal)
        {
            return refusal;
        }

        var outcome = Outcome(byName.Create(new(name, folder.SpecialUse)));
        if (outcome != EmailFolderOutcome.Done)
        {
            return outcome;
        }

        var created = (FolderCreated)byName.Recorded[^1];
        Folder = created.FolderId;
        recorded.AddRange(byName.Recorded.SkipLast(1));
        recorded.Add(created with { SortOrder = folder.SortOrder, Emails = Result(created) });
        if (folder.Subscribed != state.OrphanSubscriptions.Contains(name))
        {
            recorded.Add(new SubscriptionChanged { Name = name, Subscribed = folder.Subscribed, ModSeq = created.ModSeq });
        }

        return EmailFolderOutcome.Done;
    }

    public EmailFolderOutcome Update(EmailFolderUpdate update)
    {
        if (!state.Folders.TryGetValue(update.Folder, out var folder))
        {
            return EmailFolderOutcome.NotFound;
        }

        Folder = folder.Id;
        if (NameAfter(folder, update, out var name) is var wrong && wrong != EmailFolderOutcome.Done)
        {
            return wrong;
        }

        var use = update.ChangesUse ? update.SpecialUse : folder.SpecialUse;
        var renames = name != folder.Name;
        if (folder.Name == FolderName.Inbox && (renames || use is not null))
        {
            return EmailFolderOutcome.NotPermitted;
        }

        if (UseRefusal(use, folder.Id) is { } refusal)
        {
            return refusal;
        }

        var outcome = renames ? Outcome(byName.Rename(folder.Name, name)) : EmailFolderOutcome.Done;
        if (outcome == EmailFolderOutcome.Done)
        {
            Record(folder, update, new(use, update.SortOrder ?? folder.SortOrder));
        }

        return outcome;
    }

    public EmailFolderOutcome Remove(int id, bool removeEmails)
    {
        if (!state.Folders.TryGetValue(id, out var folder))
        {
            return EmailFolderOutcome.NotFound;
        }

        Folder = id;
        if (state.Folders.Values.Any(f => FolderName.IsBelow(f.Name, folder.Name)))
        {
            return folder.Name == FolderName.Inbox ? EmailFolderOutcome.NotPermitted : EmailFolderOutcome.HasChild;
        }

        if (folder.Messages > 0 && !removeEmails && folder.Name != FolderName.Inbox)
        {
            return EmailFolderOutcome.HasEmails;
        }

        var outcome = Outcome(byName.Delete(folder.Name));
        recorded.AddRange(byName.Recorded.Select(deleted => deleted with { Emails = Result(deleted) }));
        return outcome;
    }

    // What is not about the name rides with it, under the name that the folder has already when that stays: so everything has one modseq.
    private void Record(Folder folder, EmailFolderUpdate update, FolderSettings settings)
    {
        var subscribes = update.Subscribed is { } wanted && wanted != folder.Subscribed;
        if (byName.Recorded.Count == 0 && !subscribes && settings == new FolderSettings(folder.SpecialUse, folder.SortOrder))
        {
            return;
        }

        var renamed = byName.Recorded is [.., FoldersRenamed moved] ? moved : new FoldersRenamed
        {
            Operation = operation,
            At = now,
            ModSeq = state.ModSeq + 1,
            Folders = [new(folder.Id, folder.Name, folder.UidValidity)],
        };
        if (subscribes)
        {
            recorded.Add(new SubscriptionChanged { Name = folder.Name, Subscribed = update.Subscribed!.Value, ModSeq = renamed.ModSeq });
        }

        recorded.AddRange(byName.Recorded.SkipLast(1));
        recorded.Add(renamed with { Folders = Array.ConvertAll(renamed.Folders, f => f.FolderId == folder.Id ? f with { Settings = settings } : f), Emails = Result(renamed) });
    }

    private RememberedEmails Result(MailboxOperation last) => new() { OldModSeq = state.ModSeq, ModSeq = last.ModSeq, Folder = Folder };

    private EmailFolderOutcome NameAfter(Folder folder, EmailFolderUpdate update, out string name)
    {
        name = folder.Name;
        if (update.Name is null && !update.Moves)
        {
            return EmailFolderOutcome.Done;
        }

        var levels = folder.Name.LastIndexOf('/') + 1;
        var level = update.Name ?? folder.Name[levels..];
        if (update.Moves)
        {
            if (NameBelow(update.Parent, level, out name) is var wrong && wrong != EmailFolderOutcome.Done)
            {
                return wrong;
            }
        }
        else if (FolderName.Level(level) is not { } valid || FolderName.ForNew(folder.Name[..levels] + valid) is not { } stays)
        {
            return EmailFolderOutcome.InvalidName;
        }
        else
        {
            name = stays;
        }

        return FolderName.IsBelow(name, folder.Name) ? EmailFolderOutcome.NoSuchParent : EmailFolderOutcome.Done;
    }

    private EmailFolderOutcome NameBelow(int? parent, string text, out string name)
    {
        name = "";
        Folder? above = null;
        if (parent is { } id && !state.Folders.TryGetValue(id, out above))
        {
            return EmailFolderOutcome.NoSuchParent;
        }

        if (FolderName.Level(text) is not { } level || FolderName.ForNew(above is null ? level : $"{above.Name}/{level}") is not { } valid)
        {
            return EmailFolderOutcome.InvalidName;
        }

        name = valid;
        return EmailFolderOutcome.Done;
    }

    private EmailFolderOutcome? UseRefusal(string? use, int except)
    {
        if (use is null)
        {
            return null;
        }

        return NewFolder.FindUse(use) != use ? EmailFolderOutcome.NotPermitted
            : state.Folders.Values.Any(f => f.SpecialUse == use && f.Id != except) ? EmailFolderOutcome.UseTaken
            : null;
    }

    private static EmailFolderOutcome Outcome(FolderResult result) => result switch
    {
        FolderResult.Done => EmailFolderOutcome.Done,
        FolderResult.Exists => EmailFolderOutcome.Exists,
        FolderResult.NotPermitted => EmailFolderOutcome.NotPermitted,
        FolderResult.InvalidName => EmailFolderOutcome.InvalidName,
        FolderResult.TooMany => EmailFolderOutcome.TooMany,
        _ => EmailFolderOutcome.NotFound,
    };
}
