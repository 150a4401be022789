using System.Net;

namespace MailCloud.Benchmarks.Servers;

/// <summary>A running mail server that forwards user0@example.test … to the same users at sink.example, whose mail goes to the sink; disposing stops it.</summary>
internal interface IRelayingServer : IAsyncDisposable
{
    string Name { get; }
    IPEndPoint Smtp { get; }
    ProcessTree Processes { get; }
}
