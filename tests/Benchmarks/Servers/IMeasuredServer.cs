using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>A running mail server with mailboxes user0@example.test …, password "mailcloud"; disposing stops it.</summary>
internal interface IMeasuredServer : IAsyncDisposable
{
    string Name { get; }
    IPEndPoint Smtp { get; }
    IPEndPoint Imap { get; }
    ProcessTree Processes { get; }

    /// <summary>From starting the process to accepting connections; null where the start is a script's.</summary>
    TimeSpan? ReadyAfter { get; }
}
