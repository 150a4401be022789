using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace MailCloud.Testing;

/// <summary>Plays the client's side of a <see cref="Transcript"/> and holds the server to its side. A failure shows the dialog so far.</summary>
public sealed class TranscriptRunner
{
    private const string NoCrlf = "{NOCRLF}";

    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Action finishSending;
    private readonly SslClientAuthenticationOptions? tls;
    private readonly StringBuilder dialog = new();
    private readonly byte[] received = new byte[256 * 1024];
    private Stream stream;
    private int start;
    private int end;

    private TranscriptRunner(Stream stream, Action finishSending, SslClientAuthenticationOptions? tls) =>
        (this.stream, this.finishSending, this.tls) = (stream, finishSending, tls);

    /// <summary>Runs a transcript over a connection of its own, and closes it.</summary>
    /// <param name="client">Connected.</param>
    /// <param name="transcript">The dialog.</param>
    /// <param name="chunking">How the client's side is cut.</param>
    /// <param name="tls">How <c>TLS</c> shakes hands.</param>
    public static async Task RunAsync(TcpClient client, Transcript transcript, Chunking chunking, SslClientAuthenticationOptions? tls = null)
    {
        client.NoDelay = true;
        await RunAsync(client.GetStream(), () => client.Client.Shutdown(SocketShutdown.Send), transcript, chunking, tls);
    }

    /// <summary>The same over any stream; <paramref name="finishSending"/> closes the client's side of it and leaves the other open.</summary>
    public static async Task RunAsync(
        Stream stream, Action finishSending, Transcript transcript, Chunking chunking, SslClientAuthenticationOptions? tls = null)
    {
        var runner = new TranscriptRunner(stream, finishSending, tls);
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await runner.RunAsync(transcript.Steps, chunking, limit.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            runner.Fail(e is IOException ? e.Message : "the server did not answer");
        }
        finally
        {
            await runner.stream.DisposeAsync();
        }
    }

    private async Task RunAsync(IReadOnlyList<Step> steps, Chunking chunking, CancellationToken cancellationToken)
    {
        var (sent, skipping) = (0, false);
        for (var i = 0; i < steps.Count; i++)
        {
            switch (steps[i].Kind)
            {
                case StepKind.Send when i >= sent:
                    sent = chunking == Chunking.Whole ? SegmentEnd(steps, i) : i + 1;
                    await SendAsync(steps.Skip(i).Take(sent - i), chunking, cancellationToken);
                    break;
                case StepKind.SkipLines:
                    skipping = true;
                    break;
                case StepKind.Expect:
                    await ExpectAsync(steps[i].Text, skipping, cancellationToken);
                    skipping = false;
                    break;
                case StepKind.Tls:
                    await ShakeHandsAsync(cancellationToken);
                    break;
                case StepKind.ExpectClose:
                    await ExpectCloseAsync(cancellationToken);
                    return;
            }
        }

        // Nothing more may come, and the only proof without a pause is the end of the stream.
        await FinishSendingAsync();
        await ExpectCloseAsync(cancellationToken);
    }

    private static int SegmentEnd(IReadOnlyList<Step> steps, int from)
    {
        var to = from;
        while (to < steps.Count && steps[to].Kind is not (StepKind.Wait or StepKind.Tls))
        {
            to++;
        }

        return to;
    }

    private async Task SendAsync(IEnumerable<Step> steps, Chunking chunking, CancellationToken cancellationToken)
    {
        using var octets = new MemoryStream();
        foreach (var step in steps.Where(s => s.Kind == StepKind.Send))
        {
            dialog.Append("C ").AppendLine(step.Text);
            octets.Write(Octets(step.Text));
        }

        var all = octets.ToArray();
        var size = chunking == Chunking.ByOctet ? 1 : all.Length;
        try
        {
            for (var i = 0; i < all.Length; i += size)
            {
                await stream.WriteAsync(all.AsMemory(i, size), cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }
        catch (IOException)
        {
            // The server closes before it has all: the steps that follow say whether it may.
        }
    }

    /// <summary>Text is UTF-8; an escape is the one octet, whatever UTF-8 would make of it.</summary>
    private static byte[] Octets(string text)
    {
        var line = text.EndsWith(NoCrlf, StringComparison.Ordinal) ? text[..^NoCrlf.Length] : text + "\r\n";
        return Encoding.Latin1.GetBytes(Transcript.Unescape(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line))));
    }

    private async Task ExpectAsync(string expected, bool skipping, CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await ReadLineAsync(cancellationToken);
            dialog.Append("S ").AppendLine(line ?? "<close>");
        }
        while (skipping && line is not null && !Matches(line, expected));

        if (line is null || !Matches(line, expected))
        {
            Fail($"expected: {expected}");
        }
    }

    private static bool Matches(string line, string expected) => expected.EndsWith('*')
        ? line.StartsWith(Transcript.Unescape(expected[..^1]), StringComparison.Ordinal)
        : line == Transcript.Unescape(expected);

    private async Task ShakeHandsAsync(CancellationToken cancellationToken)
    {
        dialog.AppendLine("TLS");
        if (end > start)
        {
            Fail("the server sent more in clear than its last reply");
        }

        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        stream = secured;
        await secured.AuthenticateAsClientAsync(tls ?? throw new InvalidOperationException("TLS needs options"), cancellationToken);
    }

    private async Task FinishSendingAsync()
    {
        try
        {
            if (stream is SslStream secured)
            {
                await secured.ShutdownAsync();
            }

            finishSending();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The server has closed both ways already.
        }
    }

    private async Task ExpectCloseAsync(CancellationToken cancellationToken)
    {
        string? line;
        try
        {
            line = await ReadLineAsync(cancellationToken);
        }
        catch (IOException)
        {
            // A server that closes with octets of the client unread resets the connection.
            line = null;
        }

        dialog.Append("S ").AppendLine(line ?? "<close>");
        if (line is not null)
        {
            Fail("expected: <close>");
        }
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = received.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = received.AsSpan(start, length);
                start += length + 1;
                return Encoding.UTF8.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
            }

            received.AsSpan(start, end - start).CopyTo(received);
            (start, end) = (0, end - start);
            var count = await stream.ReadAsync(received.AsMemory(end), cancellationToken);
            if (count == 0)
            {
                return end == 0 ? null : Encoding.UTF8.GetString(received.AsSpan(0, end));
            }

            end += count;
        }
    }

    private void Fail(string why) => Assert.Fail($"{why}\nThe dialog:\n{dialog}");
}
