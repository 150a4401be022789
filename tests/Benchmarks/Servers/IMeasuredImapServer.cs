using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>A running IMAP server with accounts user0@example.test …, password "mailcloud"; disposing stops it.</summary>
internal interface IMeasuredImapServer : IAsyncDisposable
{
    IPEndPoint Imap { get; }
    IPEndPoint ImapTls { get; }
    ProcessTree Processes { get; }
}
