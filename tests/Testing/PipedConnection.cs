using System.IO.Pipelines;
using MailCloud.Wire.Tls;

namespace MailCloud.Testing;

/// <summary>A connection without a network: what one end writes, the other reads. A write of the client ends when the server has taken it.</summary>
public sealed class PipedConnection
{
    private static readonly PipeOptions TakenAtOnce = new(pauseWriterThreshold: 1, resumeWriterThreshold: 1);

    private readonly Pipe up = new(TakenAtOnce);
    private readonly Pipe down = new();

    public PipedConnection()
    {
        Server = new Ends(up.Reader, down.Writer);
        Client = new DuplexPipeStream(new Ends(down.Reader, up.Writer));
    }

    public IDuplexPipe Server { get; }

    public Stream Client { get; }

    /// <summary>Ends the client's side; it can still read.</summary>
    public void FinishSending() => up.Writer.Complete();

    /// <summary>Closes both ways from the server's end.</summary>
    public void Close()
    {
        up.Reader.Complete();
        down.Writer.Complete();
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
