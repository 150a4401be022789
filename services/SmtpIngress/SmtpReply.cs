using MailCloud.Submission;

namespace MailCloud.SmtpIngress;

/// <summary>What the session does once a reply is sent.</summary>
internal enum Then
{
    Continue,
    Close,
    StartTls,
}

/// <summary>A reply (RFC 5321 §4.2) with its enhanced status code (RFC 2034); null where that RFC has none. Each line of the text is one line of the reply.</summary>
internal sealed record SmtpReply(int Code, string? Enhanced, params string[] Lines)
{
    public static readonly SmtpReply Ok = new(250, "2.0.0", "OK");

    // RFC 3463 X.3.0 and X.4.3: nothing is said of what failed inside.
    public static readonly SmtpReply TryLater = new(451, "4.3.0", "local trouble, try again later");
    public static readonly SmtpReply DirectoryAway = new(451, "4.4.3", "the directory does not answer, try again later");
    public static readonly SmtpReply Full = new(452, "4.3.1", "no room at present, try again later");
    public static readonly SmtpReply TooLarge = new(552, "5.3.4", "message is too large");
    public static readonly SmtpReply BareLineEnd = new(554, "5.6.0", "message has a CR or LF that is no part of a CRLF");
    public static readonly SmtpReply BadSequence = new(503, "5.5.1", "bad sequence of commands");

    // RFC 5321 §3.8: 421 is what a server says that closes on its own. X.7.13 is RFC 5248's "user account disabled".
    public static readonly SmtpReply Revoked = new(421, "4.7.0", "the app password of this session was revoked, closing") { Then = Then.Close };

    public static readonly SmtpReply Suspended = new(421, "4.7.13", "this account is suspended, closing") { Then = Then.Close };
    public static readonly SmtpReply AuthenticationRequired = new(530, "5.7.0", "authentication required");

    public Then Then { get; init; }

    public bool IsRefusal => Code >= 400;

    /// <summary>As it stands on the wire, of several lines the last.</summary>
    public string OneLine => Enhanced is null ? $"{Code} {Lines[^1]}" : $"{Code} {Enhanced} {Lines[^1]}";

    public static SmtpReply Of(PolicyReply reply) => new(reply.Code, reply.Status, reply.Text);

    public static SmtpReply Syntax(string text) => new(501, "5.5.4", text);

    public void WriteTo(Wire.ReplyWriter writer)
    {
        for (var i = 0; i < Lines.Length; i++)
        {
            var separator = i < Lines.Length - 1 ? '-' : ' ';
            writer.Write(Enhanced is null ? $"{Code}{separator}{Lines[i]}\r\n" : $"{Code}{separator}{Enhanced} {Lines[i]}\r\n");
        }
    }
}
