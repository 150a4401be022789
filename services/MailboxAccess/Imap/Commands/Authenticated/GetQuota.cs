namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>GETQUOTA (RFC 9208 §4.1.1).</summary>
internal static class GetQuota
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var root = Parse(new(arguments.Span));
        if (root.Length > 0 || await QuotaRoot.FindAsync(session, cancellationToken).ConfigureAwait(false) is not { } quota)
        {
            return QuotaRoot.Missing;
        }

        QuotaRoot.Write(session.Writer, quota);
        return ImapReply.Ok("GETQUOTA completed");
    }

    internal static string Parse(ImapReader reader)
    {
        reader.Space();
        var root = reader.AString();
        reader.End();
        return root;
    }
}
