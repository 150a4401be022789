namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>The arguments of a command that takes one mailbox name and nothing else.</summary>
internal static class MailboxArgument
{
    public static string Parse(ImapReader reader)
    {
        reader.Space();
        var folder = reader.Mailbox();
        reader.End();
        return folder;
    }
}
