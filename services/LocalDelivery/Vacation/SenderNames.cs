using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Vacation;

/// <summary>Addresses that no answer is sent to because of their names (RFC 3834 §2, RFC 5230 §4.6).</summary>
internal static class SenderNames
{
    private static readonly string[] machines = ["mailerdaemon", "noreply", "donotreply", "listserv", "majordomo"];

    public static bool IsMachine(EmailAddress sender)
    {
        var name = sender.WithoutDetail.LocalPart.ToLowerInvariant();

        // no-reply, no_reply and no.reply are one name.
        var letters = string.Concat(name.Where(char.IsLetterOrDigit));
        return name.StartsWith("owner-", StringComparison.Ordinal) || name.EndsWith("-request", StringComparison.Ordinal)
            || Array.Exists(machines, machine => letters.StartsWith(machine, StringComparison.Ordinal));
    }
}
