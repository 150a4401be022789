namespace MailCloud.Messages;

/// <summary>Makes the summary of a message. MimeKit does the parsing.</summary>
public static class MessageParser
{
    /// <summary>
    /// Reads the message to its end, never holding more than one part's header, and never fails: what MimeKit cannot make sense of becomes
    /// one text/plain or application/octet-stream part with the envelope that could be read.
    /// </summary>
    public static Task<MessageSummary> SummariseAsync(Stream body, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
