namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>GETJMAPACCESS (RFC 9698 §4): where JMAP shows the same mail, under the same ids.</summary>
internal static class GetJmapAccess
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        if (session.Services.Options.JmapUrl is not { Length: > 0 } url)
        {
            // RFC 9698 §4: a server that knows no JMAP server answers BAD.
            return ValueTask.FromResult(ImapReply.Bad("No JMAP server is known here"));
        }

        session.Writer.Line($"* JMAPACCESS \"{url}\"");
        return ValueTask.FromResult(ImapReply.Ok("GETJMAPACCESS completed"));
    }
}
