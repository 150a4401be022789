namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>GETQUOTAROOT (RFC 9208 §4.1.2). The mailbox need not exist: a client may ask where one would count that it is about to make.</summary>
internal static class GetQuotaRoot
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var folder = MailboxArgument.Parse(new(arguments.Span));
        var quota = await QuotaRoot.FindAsync(session, cancellationToken).ConfigureAwait(false);
        session.Writer.Raw("* QUOTAROOT "u8);
        session.Writer.Mailbox(folder);
        session.Writer.Line(quota is null ? "" : " \"\"");
        if (quota is { } limited)
        {
            QuotaRoot.Write(session.Writer, limited);
        }

        return ImapReply.Ok("GETQUOTAROOT completed");
    }
}
