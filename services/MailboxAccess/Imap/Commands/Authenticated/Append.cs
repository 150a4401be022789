namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>
/// APPEND (RFC 3501 §6.3.11) of one message or several (RFC 3502), literal8 included (RFC 3516 §4.4), with APPENDUID (RFC 4315 §3). Messages stream into
/// bodies as they come; the mailbox takes all of them in one step at the end, or none. OK is given only after that.
/// </summary>
internal static class Append
{
    /// <summary>What stands before a message.</summary>
    /// <param name="Flags">Its flags.</param>
    /// <param name="InternalDate">UTC; null is now.</param>
    /// <param name="Length">Its octets.</param>
    /// <param name="Binary">It may hold NUL.</param>
    internal readonly record struct Head(FlagSet Flags, DateTimeOffset? InternalDate, long Length, bool Binary);

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (folder, first) = Parse(new(arguments.Span));
        await using var intake = new AppendIntake(session, folder);
        for (Head? head = first; head is not null;)
        {
            // A literal that waits is refused before it is sent; the session throws away what comes unasked.
            if (await intake.BeginAsync(head.Value, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                return refusal;
            }

            var rest = await session.ReadLiteralAsync(intake.WriteAsync, cancellationToken).ConfigureAwait(false);
            head = ParseNext(new(rest.Span));
            if (await intake.CommitAsync().ConfigureAwait(false) is { } failure)
            {
                return failure;
            }
        }

        return await intake.FileAsync(cancellationToken).ConfigureAwait(false);
    }

    internal static (string Folder, Head First) Parse(ImapReader reader)
    {
        reader.Space();
        return (reader.Mailbox(), ParseHead(ref reader));
    }

    /// <summary>What follows a message: the next one (RFC 3502 §3), or null for the end of the command.</summary>
    internal static Head? ParseNext(ImapReader reader) => reader.AtEnd ? null : ParseHead(ref reader);

    // append-message = SP [flag-list SP] [date-time SP] literal
    private static Head ParseHead(ref ImapReader reader)
    {
        reader.Space();
        var flags = FlagSet.Empty;
        if (reader.Peek == '(')
        {
            flags = reader.FlagList();
            reader.Space();
        }

        DateTimeOffset? date = null;
        if (reader.Peek == '"')
        {
            date = reader.DateTime();
            reader.Space();
        }

        var (length, binary) = reader.UnreadLiteral();
        return new(flags, date, length, binary);
    }
}
