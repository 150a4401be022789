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

    /// <summary>MAIL was accepted.</summary>
    Mail = 4,

    /// <summary>At least one RCPT was accepted.</summary>
    Rcpt = 8,

    /// <summary>Within the chunks of a message (RFC 3030).</summary>
    Chunks = 16,

    Any = Start | Greeted | Mail | Rcpt | Chunks,
}

internal delegate ValueTask<SmtpReply> VerbHandler(SmtpSession session, string args, CancellationToken cancellationToken);

internal sealed record Verb(string Name, Phase LegalIn, VerbHandler RunAsync);

internal static class SmtpVerbs
{
    public static readonly FrozenDictionary<string, Verb> All = new Verb[]
    {
        new("HELO", Phase.Any, Helo.RunAsync),
        new("EHLO", Phase.Any, Ehlo.RunAsync),
        new("STARTTLS", Phase.Greeted, StartTls.RunAsync),
        new("AUTH", Phase.Greeted, Auth.RunAsync),
        new("MAIL", Phase.Greeted, Mail.RunAsync),
        new("RCPT", Phase.Mail | Phase.Rcpt, Rcpt.RunAsync),
        new("DATA", Phase.Mail | Phase.Rcpt, Data.RunAsync),

        // Its chunk follows the command whatever we think of it, so it checks its phase itself, after the chunk.
        new("BDAT", Phase.Any, Bdat.RunAsync),
        new("RSET", Phase.Any, Rset.RunAsync),
        new("NOOP", Phase.Any, Noop.RunAsync),
        new("QUIT", Phase.Any, Quit.RunAsync),
        new("VRFY", Phase.Any, Vrfy.RunAsync),
        new("EXPN", Phase.Any, Expn.RunAsync),
        new("HELP", Phase.Any, Help.RunAsync),
    }.ToFrozenDictionary(v => v.Name, StringComparer.OrdinalIgnoreCase);
}
