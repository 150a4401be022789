using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Shows messages in the live sessions of accounts (RFC 821 §3.4). A repeat shows them again.</summary>
internal sealed class Terminals(IGrainFactory grains, ILogger<Terminals> logger)
{
    /// <summary>Chars: the length that RFC 5322 §2.1.1 wants lines to have.</summary>
    private const int MaxSubject = 78;

    /// <summary>True when a session has shown all of the message, so that it need not be filed.</summary>
    public async Task<bool> ShowAsync(QueuedMessage message, AccountId account, MessageSummary summary)
    {
        var subject = summary.Envelope.Subject is { } octets ? HeaderDecoder.Decode(Encoding.Latin1.GetBytes(octets)).Trim() : "";
        var isWhole = summary.IsPreviewWhole && subject.Length <= MaxSubject;
        try
        {
            var isShown = await grains.GetGrain<ITerminalsGrain>(0).ShowAsync(account, TextOf(message.Envelope.Sender, subject, summary.Preview, isWhole));
            DeliveryLog.Shown(logger, message.Id, message.Tenant, account, isShown, isWhole);
            return isShown && isWhole;
        }
        catch (Exception e)
        {
            DeliveryLog.TerminalsSilent(logger, message.Id, message.Tenant, account, e);
            return false;
        }
    }

    /// <summary>From whom, the subject if there is one, and the beginning of the text.</summary>
    internal static string TextOf(EmailAddress? sender, string subject, string preview, bool isWhole)
    {
        var cut = subject.Length > MaxSubject ? subject[..MaxSubject] : subject;
        var text = string.Join(": ", new[] { $"Message from {sender}", cut, preview }.Where(part => part.Length > 0));
        return isWhole ? text : text + " … (the rest is in your mailbox)";
    }
}
