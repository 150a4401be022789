using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Files into a live mailbox what comes back to it, as a client's APPEND would: bodies first, then a batch of messages in one step under an operation that a repeat has too.</summary>
internal sealed class RestoredMailbox(
    string address, AccountId account, IMailboxGrain mailbox, BackupReader from, MailboxState state, RestoreFrom wanted, IMessageBlobs blobs, RestoreCounts counts)
{
    /// <summary>Messages that the mailbox is asked for at a time.</summary>
    public const int Page = 1000;

    /// <summary>Messages filed in one step: their summaries stand in memory and go into the journal together.</summary>
    private const int Batch = 64;

    /// <summary>Bodies of a batch that are copied beside one another.</summary>
    private const int AtATime = 8;

    /// <summary>A write in doubt ends the mailbox's activation: the next one knows what became of it.</summary>
    private const int Attempts = 5;

    /// <summary>What one folder lacks. Folders are made when something comes back to them.</summary>
    public async IAsyncEnumerable<UpkeepRecord> RestoreAsync(Folder folder, MissingMessages missing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var name = FolderName.ForNew(wanted.Folder is null ? folder.Name : $"{wanted.Folder}/{folder.Name}")
            ?? throw new JobRefusedException($"'{wanted.Folder}/{folder.Name}' cannot be the name of a folder: no empty level, control character, * or %");
        var restored = 0L;
        await foreach (var page in BackedUpMessage.PagesOfAsync(folder, from.Chunks, Page))
        {
            foreach (var batch in (await missing.FindAsync(folder.UidValidity, page, cancellationToken)).Chunk(Batch))
            {
                var (messages, problems) = await CopyAsync(batch, missing, cancellationToken);
                foreach (var problem in problems)
                {
                    yield return counts.Problem(folder.Name, problem);
                }

                if (messages.Count > 0 && await FileAsync(folder, wanted.Folder is null ? folder.SpecialUse : null, name, messages) is { } without)
                {
                    yield return counts.Problem(folder.Name, without);
                }

                (restored, counts.Restored) = (restored + messages.Count, counts.Restored + messages.Count);
            }

            counts.Messages += page.Length;
        }

        if (restored > 0)
        {
            yield return new() { Kind = UpkeepKind.Restored, Subject = name, Text = $"{restored} messages came back to {address}" };
        }
    }

    private async Task<(List<AppendedMessage> Messages, List<string> Problems)> CopyAsync(
        (BackedUpMessage Message, DeliveryId Body)[] batch, MissingMessages missing, CancellationToken cancellationToken)
    {
        var copied = new AppendedMessage?[batch.Length];
        var problems = new string?[batch.Length];
        await Parallel.ForAsync(0, batch.Length, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken }, async (place, token) =>
        {
            try
            {
                copied[place] = await CopyAsync(batch[place].Message, missing.NameOf(batch[place].Body), token);
            }
            catch (Exception e) when (e is BlobMissingException or InvalidDataException)
            {
                problems[place] = $"message {batch[place].Message.Row.Uid} of the backup cannot come back: {e.Message}";
            }
        });
        return ([.. copied.OfType<AppendedMessage>()], [.. problems.OfType<string>()]);
    }

    private async Task<AppendedMessage> CopyAsync(BackedUpMessage message, string name, CancellationToken cancellationToken)
    {
        var content = await message.ReadContentAsync();
        await using var upload = blobs.Create(name, [BodyOwner.Mailbox(account)]);
        var (body, summary) = await RestoredBody.WriteAsync(from, BodyRef.NameFor(account.Tenant, new(message.Row.Body)), content.Prefix, message.Row, upload, name, cancellationToken);
        return new()
        {
            Body = body,
            Summary = summary,
            InternalDate = DateTimeOffset.FromUnixTimeMilliseconds(message.Row.InternalDate),
            Flags = message.Flags & MessageFlags.System,
            Keywords = [.. state.Keywords.Where((_, place) => (message.Flags & KeywordBits.Of(place)) != 0)],
        };
    }

    /// <summary>Null, or what of the messages could not be kept.</summary>
    private async Task<string?> FileAsync(Folder folder, string? specialUse, string name, List<AppendedMessage> messages)
    {
        // Of this job and these bodies: a repeat of the batch has the same. A later job has another, as the mailbox may remember this one longer than it has the messages.
        var operation = BlobNames.BodyOf(messages[0].Body.Name)!.Value.Derive($"restored {wanted.BegunAt:O} {string.Join(' ', messages.Select(message => message.Body.Name))}");
        var request = new AppendRequest { Operation = operation.Value, Folder = name, Messages = messages };
        var result = await AnsweredAsync(() => mailbox.AppendAsync(request));
        if (result.Outcome == WriteOutcome.NoSuchFolder)
        {
            await MakeAsync(folder, name, specialUse);
            result = await AnsweredAsync(() => mailbox.AppendAsync(request));
        }

        var isWithoutKeywords = result.Outcome == WriteOutcome.KeywordsFull;
        if (isWithoutKeywords)
        {
            var kept = (await AnsweredAsync(() => mailbox.OpenFolderAsync(name, claimRecent: false)))?.Keywords ?? [];
            AppendedMessage[] fewer = [.. messages.Select(message => message with { Keywords = [.. message.Keywords.Where(keyword => KeywordBits.Find(kept, keyword) != MessageFlags.None)] })];
            result = await AnsweredAsync(() => mailbox.AppendAsync(request with { Messages = fewer }));
        }

        return result.Outcome switch
        {
            WriteOutcome.Done => isWithoutKeywords ? $"{messages.Count} messages came back without keywords that {address} has no room for: it has {KeywordBits.Max}" : null,
            WriteOutcome.OverQuota => throw new JobRefusedException($"{address} has no room for more: raise its quota and restore again, which goes on with what it still lacks"),
            WriteOutcome.NoSuchFolder => throw new JobRefusedException($"folder {name} of {address} is being removed: restore again, which goes on with what it still lacks"),
            _ => throw new InvalidDataException($"{messages.Count} messages cannot be filed at once: {result.Outcome}"),
        };
    }

    private async Task MakeAsync(Folder folder, string name, string? specialUse)
    {
        var folders = await AnsweredAsync(mailbox.ListFoldersAsync);
        var use = folders.Any(existing => existing.SpecialUse == specialUse) ? null : specialUse;
        if (await AnsweredAsync(() => mailbox.CreateFolderAsync(Guid.NewGuid(), new(name, use))) is var made and not (FolderResult.Done or FolderResult.Exists))
        {
            throw new JobRefusedException(made == FolderResult.TooMany ? $"{address} has as many folders as it may have" : $"{address} takes no folder {name}: {made}");
        }

        if (folder.Subscribed)
        {
            await AnsweredAsync(() => mailbox.SetSubscribedAsync(name, subscribed: true));
        }
    }

    private static async Task<T> AnsweredAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is not OperationCanceledException && attempt < Attempts)
            {
            }
        }
    }
}
