namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>EXAMINE (RFC 3501 §6.3.2), with the parameters of SELECT.</summary>
internal static class Examine
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        Select.OpenAsync(session, Select.Parse(new(arguments.Span)), readOnly: true, cancellationToken);
}
