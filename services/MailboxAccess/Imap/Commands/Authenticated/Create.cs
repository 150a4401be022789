using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>CREATE (RFC 3501 §6.3.3), with a special use (RFC 6154 §3). It answers the folder's MAILBOXID (RFC 8474 §4.1).</summary>
internal static class Create
{
    internal sealed record Request(string Folder, IReadOnlyList<string> Uses);

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var request = Parse(new(arguments.Span));
        var use = request.Uses is [var one] ? NewFolder.FindUse(one) : null;
        if (use is null && request.Uses.Count > 0)
        {
            return ImapReply.No("A mailbox has one special use of " + string.Join(' ', NewFolder.Uses), "USEATTR");
        }

        var operation = Guid.NewGuid();
        var result = await session.CallMailboxAsync(mailbox => mailbox.CreateFolderAsync(operation, new(request.Folder, use)), cancellationToken).ConfigureAwait(false);
        var reply = FolderReplies.Of(result, "CREATE");
        if (result != FolderResult.Done)
        {
            return reply;
        }

        var made = await session.CallMailboxAsync(mailbox => mailbox.GetStatusAsync(request.Folder.TrimEnd('/')), cancellationToken).ConfigureAwait(false);
        return made?.FolderId is { } id ? reply with { Code = $"MAILBOXID ({ObjectIds.OfFolder(id)})" } : reply;
    }

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var folder = reader.Mailbox();
        var uses = new List<string>();
        if (reader.TrySpace())
        {
            if (!reader.TryWord("(USE ("u8))
            {
                throw new ImapSyntaxException("Unknown parameter");
            }

            while (!reader.TryTake((byte)')'))
            {
                if (uses.Count > 0)
                {
                    reader.Space();
                }

                reader.Expect((byte)'\\', "Expected a special use");
                uses.Add("\\" + reader.Atom());
            }

            reader.Expect((byte)')', "The list of parameters is not closed");
        }

        reader.End();
        return new(folder, uses);
    }
}
