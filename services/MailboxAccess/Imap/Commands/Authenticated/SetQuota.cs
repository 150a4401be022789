namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>SETQUOTA (RFC 9208 §4.1.3): operators set quotas, by the admin API; QUOTASET is not offered.</summary>
internal static class SetQuota
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        Check(new(arguments.Span));
        return ValueTask.FromResult(ImapReply.No("Only the operator sets quotas", "NOPERM"));
    }

    internal static void Check(ImapReader reader)
    {
        reader.Space();
        _ = reader.AString();
        reader.Space();
        reader.Expect((byte)'(', "Expected a list of resources");
        for (var first = true; !reader.TryTake((byte)')'); first = false)
        {
            if (!first)
            {
                reader.Space();
            }

            _ = reader.Atom();
            reader.Space();
            _ = reader.Number();
        }

        reader.End();
    }
}
