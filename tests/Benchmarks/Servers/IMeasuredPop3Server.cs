using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>The same with POP3 to the same accounts, whose maildrop is INBOX.</summary>
internal interface IMeasuredPop3Server : IMeasuredImapServer
{
    IPEndPoint Pop3 { get; }
    IPEndPoint Pop3Tls { get; }
}
