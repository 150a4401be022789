using System.Collections.Frozen;
using MailCloud.SmtpIngress.Commands;

namespace MailCloud.SmtpIngress;

/// <summary>Where a session stands in RFC 5321 §4.1.4's order.</summary>
[Flags]
internal enum Phase
{
    /// <summary>Before EHLO or HELO.</summary>
    Start = 1,
    Greeted = 2,

    /// <summary>MAIL, or one of its kin, was accepted.</summary>
    Mail = 4,

    /// <summary>At least one RCPT was accepted.</summary>
    Rcpt = 8,

    /// <summary>Within the chunks of a message (RFC 3030).</summary>
    Chunks = 16,

    Any = Start | Greeted | Mail | Rcpt | Chunks,
}

internal delegate ValueTask<SmtpReply> VerbHandler(SmtpSession session, string args, CancellationToken cancellationToken);

/// <param name="Form">What a client sends, for HELP.</param>
internal sealed record Verb(string Name, string Form, Phase LegalIn, VerbHandler RunAsync);

internal static class SmtpVerbs
{
    public static readonly FrozenDictionary<string, Verb> All = new Verb[]
    {
        new("HELO", "HELO host", Phase.Any, Helo.RunAsync),
        new("EHLO", "EHLO host", Phase.Any, Ehlo.RunAsync),
        new("STARTTLS", "STARTTLS", Phase.Greeted, StartTls.RunAsync),
        new("AUTH", "AUTH mechanism [initial-response]", Phase.Greeted, Auth.RunAsync),
        new("MAIL", "MAIL FROM:<address> [parameters]", Phase.Greeted, Mail.RunAsync),
        new("SEND", "SEND FROM:<address> [parameters]", Phase.Greeted, Send.RunAsync),
        new("SOML", "SOML FROM:<address> [parameters]", Phase.Greeted, Soml.RunAsync),
        new("SAML", "SAML FROM:<address> [parameters]", Phase.Greeted, Saml.RunAsync),
        new("RCPT", "RCPT TO:<address> [parameters]", Phase.Mail | Phase.Rcpt, Rcpt.RunAsync),
        new("DATA", "DATA", Phase.Mail | Phase.Rcpt, Data.RunAsync),

        // Its chunk follows the command whatever we think of it, so it checks its phase itself, after the chunk.
        new("BDAT", "BDAT octets [LAST]", Phase.Any, Bdat.RunAsync),
        new("RSET", "RSET", Phase.Any, Rset.RunAsync),
        new("NOOP", "NOOP [text]", Phase.Any, Noop.RunAsync),
        new("QUIT", "QUIT", Phase.Any, Quit.RunAsync),
        new("TURN", "TURN", Phase.Any, Turn.RunAsync),
        new("VRFY", "VRFY address", Phase.Any, Vrfy.RunAsync),
        new("EXPN", "EXPN alias", Phase.Any, Expn.RunAsync),
        new("HELP", "HELP [verb | STATUS]", Phase.Any, Help.RunAsync),
    }.ToFrozenDictionary(v => v.Name, StringComparer.OrdinalIgnoreCase);
}
