using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace MailCloud.Cli.Checks;

/// <summary>A port at which MailCloud serves mail programs or other hosts.</summary>
/// <param name="Port">Where it is unless an option says otherwise: IANA's.</param>
/// <param name="UnprivilegedPort">Where AllInOne and the local cluster have it, before their port offset.</param>
internal sealed record MailService(string Name, int Port, int UnprivilegedPort, SecureSocketOptions Security, Func<MailKit.MailService> NewClient)
{
    /// <summary>RFC 5321 and RFC 6409, RFC 9051, RFC 1939; those with TLS from the first octet: RFC 8314 §3.</summary>
    public static IReadOnlyList<MailService> All { get; } =
    [
        new("smtp", 25, 2525, SecureSocketOptions.StartTls, () => new SmtpClient()),
        new("submission", 587, 2587, SecureSocketOptions.StartTls, () => new SmtpClient()),
        new("submissions", 465, 2465, SecureSocketOptions.SslOnConnect, () => new SmtpClient()),
        new("imap", 143, 2143, SecureSocketOptions.StartTls, () => new ImapClient()),
        new("imaps", 993, 2993, SecureSocketOptions.SslOnConnect, () => new ImapClient()),
        new("pop3", 110, 2110, SecureSocketOptions.StartTls, () => new Pop3Client()),
        new("pop3s", 995, 2995, SecureSocketOptions.SslOnConnect, () => new Pop3Client()),
    ];
}
