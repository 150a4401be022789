using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailCloud.OutboundRelay.Routing;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>A host that plays its side of a dialog, for what real hosts do only when something is wrong with them. It holds the relay to the other side.</summary>
internal sealed class FakeMx : IAsyncDisposable
{
    private const string NoCrlf = "{NOCRLF}";

    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpListener listener;
    private readonly IReadOnlyList<MxStep> steps;
    private readonly Chunking chunking;
    private readonly SslStreamCertificateContext? certificate;
    private readonly StringBuilder dialog = new();
    private readonly CancellationTokenSource ending = new(Limit);
    private readonly TaskCompletionSource stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] received = new byte[512 * 1024];
    private readonly Task playing;
    private Socket? socket;
    private Stream? stream;
    private int start;
    private int end;

    public FakeMx(IReadOnlyList<MxStep> steps, Chunking chunking = Chunking.Whole, SslStreamCertificateContext? certificate = null, IPAddress? address = null)
    {
        (this.steps, this.chunking, this.certificate) = (steps, chunking, certificate);
        listener = new(address ?? IPAddress.Loopback, 0);
        listener.Start();
        playing = Task.Run(PlayAsync);
    }

    public FakeMx(string dialog, SslStreamCertificateContext? certificate = null, IPAddress? address = null)
        : this(MxDialog.Parse(dialog.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimStart())).Steps, certificate: certificate, address: address)
    {
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Ends when the host has come to <c>STALL</c>.</summary>
    public Task Stalled => stalled.Task;

    /// <summary>Who connected last.</summary>
    public IPAddress? Peer { get; private set; }

    /// <summary>The name that was asked for in the last handshake (SNI); empty when there was none.</summary>
    public string? ServerName { get; private set; }

    /// <summary>This host under a name.</summary>
    public MailHost As(string name, HostTls? tls = null) => new(name, Port, [IPAddress.Loopback], tls ?? HostTls.Opportunistic);

    /// <summary>Ends when the dialog was held to its end; fails with the dialog so far when it was not.</summary>
    public Task FinishedAsync() => playing;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await playing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        ending.Dispose();
    }

    private async Task PlayAsync()
    {
        try
        {
            await ConnectAsync();
            for (var i = 0; i < steps.Count; i++)
            {
                switch (steps[i].Kind)
                {
                    case MxStepKind.Say:
                        var to = i;
                        while (to < steps.Count && steps[to].Kind == MxStepKind.Say)
                        {
                            to++;
                        }

                        await SayAsync(steps.Skip(i).Take(to - i));
                        i = to - 1;
                        break;
                    case MxStepKind.Expect:
                        await ExpectAsync(steps[i].Text);
                        break;
                    case MxStepKind.Tls:
                        await ShakeHandsAsync();
                        break;
                    case MxStepKind.Close:
                        Close();
                        break;
                    case MxStepKind.ExpectClose:
                        await ExpectCloseAsync();
                        break;
                    case MxStepKind.Next:
                        await ConnectAsync();
                        break;
                    case MxStepKind.Stall:
                        stalled.SetResult();
                        await Task.Delay(Timeout.Infinite, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            Fail(e.Message);
        }
        finally
        {
            Close();
            listener.Stop();
        }
    }

    private async Task ConnectAsync()
    {
        Close();
        socket = await listener.AcceptSocketAsync(ending.Token);
        socket.NoDelay = true;
        Peer = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        stream = new NetworkStream(socket, ownsSocket: false);
        (start, end) = (0, 0);
        dialog.AppendLine("(connected)");
    }

    private async Task SayAsync(IEnumerable<MxStep> lines)
    {
        // Who has said more than was expected so far did not wait for this.
        if (end > start)
        {
            Fail($"the relay did not wait: {Encoding.UTF8.GetString(received, start, end - start)}");
        }

        using var octets = new MemoryStream();
        foreach (var line in lines)
        {
            dialog.Append("S ").AppendLine(line.Text);
            octets.Write(MxDialog.Octets(line.Text));
            octets.Write("\r\n"u8);
            if (chunking == Chunking.ByLine)
            {
                await SendAsync(octets.ToArray(), int.MaxValue);
                octets.SetLength(0);
            }
        }

        await SendAsync(octets.ToArray(), chunking == Chunking.ByOctet ? 1 : int.MaxValue);
    }

    private async Task SendAsync(byte[] octets, int size)
    {
        for (var i = 0; i < octets.Length; i += Math.Min(size, octets.Length))
        {
            await stream!.WriteAsync(octets.AsMemory(i, Math.Min(size, octets.Length - i)), ending.Token);
        }
    }

    private async Task ExpectAsync(string expected)
    {
        var line = expected.EndsWith(NoCrlf, StringComparison.Ordinal) ? await ReadStartAsync(expected.Length - NoCrlf.Length) + NoCrlf : await ReadLineAsync();
        dialog.Append("C ").AppendLine(line ?? "<close>");
        var fits = expected.EndsWith('*') && line is not null ? line.StartsWith(expected[..^1], StringComparison.Ordinal) : line == expected;
        if (!fits)
        {
            Fail($"expected: {expected}");
        }
    }

    private async Task ExpectCloseAsync()
    {
        string? line;
        try
        {
            line = await ReadLineAsync();
        }
        catch (IOException)
        {
            line = null;
        }

        dialog.Append("C ").AppendLine(line ?? "<close>");
        if (line is not null)
        {
            Fail("expected: <close>");
        }
    }

    private async Task ShakeHandsAsync()
    {
        var secured = new SslStream(stream!, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = certificate }, ending.Token);
            stream = secured;
            ServerName = secured.TargetHostName;
            dialog.AppendLine("TLS");
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // The relay does not like the certificate: the steps that follow say whether it may.
            dialog.Append("TLS ").AppendLine(e.Message);
            (start, end) = (0, 0);
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var length = received.AsSpan(start, end - start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(received, start, length);
                start += length + 2;
                return line;
            }

            if (!await ReceiveAsync())
            {
                return end == 0 ? null : Encoding.UTF8.GetString(received, 0, end);
            }
        }
    }

    /// <summary>The next octets, all ASCII, of a line that does not end.</summary>
    private async Task<string> ReadStartAsync(int length)
    {
        while (end - start < length && await ReceiveAsync())
        {
        }

        var text = Encoding.ASCII.GetString(received, start, Math.Min(length, end - start));
        start += text.Length;
        return text;
    }

    /// <summary>False when the relay has ended the connection.</summary>
    private async Task<bool> ReceiveAsync()
    {
        received.AsSpan(start, end - start).CopyTo(received);
        (start, end) = (0, end - start);
        var count = await stream!.ReadAsync(received.AsMemory(end), ending.Token);
        end += count;
        return count > 0;
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }

    private void Fail(string why) => Assert.Fail($"{why}\nThe dialog:\n{dialog}");
}
