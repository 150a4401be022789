using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Testing;

/// <summary>What becomes of one request.</summary>
public enum RequestFate
{
    /// <summary>It is sent on, and so is its answer.</summary>
    Answered = 0,

    /// <summary>The connection is cut before the service has seen any of it.</summary>
    NeverSent = 1,

    /// <summary>The service does the work; the connection is cut as soon as it answers.</summary>
    AnswerLost = 2,

    /// <summary>As before, but within the answer's body.</summary>
    AnswerCut = 3,
}

/// <summary>
/// A network in between: it takes HTTP/1.1 connections on a free port of loopback, passes requests on to another port, and lets the test decide of each what becomes of it.
/// Requests are told by their first line, for example <c>PUT /account/container/blob?comp=appendblock HTTP/1.1</c>.
/// </summary>
public sealed class HttpProxy : IAsyncDisposable
{
    private const int MaxHead = 64 * 1024;

    /// <summary>Octets of an answer that pass before it is cut within its body.</summary>
    private const int CutAfter = 100_000;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly Task accepting;
    private readonly List<string> seen = [];

    public HttpProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Decides of each request by its first line. It may wait, and so hold the request up.</summary>
    public Func<string, Task<RequestFate>> Decide { get; set; } = _ => Task.FromResult(RequestFate.Answered);

    /// <summary>A whole answer to give in the service's stead, which then does not see the request; null: as <see cref="Decide"/> says.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>The first lines of all requests so far, in order.</summary>
    public IReadOnlyList<string> Seen
    {
        get
        {
            lock (seen)
            {
                return [.. seen];
            }
        }
    }

    /// <summary>The fate of the next request whose first line has this in it; later ones are answered.</summary>
    public void Once(string part, RequestFate fate)
    {
        var left = 1;
        Decide = line => Task.FromResult(line.Contains(part, StringComparison.Ordinal) && Interlocked.Exchange(ref left, 0) == 1 ? fate : RequestFate.Answered);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                connections.RemoveAll(c => c.IsCompleted);
                connections.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var service = new TcpClient();
        using (client)
        {
            try
            {
                await service.ConnectAsync(IPAddress.Loopback, target, stop.Token);
                (client.NoDelay, service.NoDelay) = (true, true);
                await ServeAsync(client.GetStream(), service.GetStream());
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Either side went away: the other is closed too.
            }
        }
    }

    private async Task ServeAsync(NetworkStream client, NetworkStream service)
    {
        using var reader = new BufferedStream(client);
        var fate = RequestFate.Answered;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);

        // HTTP/1.1 without pipelining: what the service sends belongs to the last request. Once the answers end, so does the reading of requests.
        var answers = Task.Run(
            async () =>
            {
                try
                {
                    await RelayAsync(service, client, () => fate);
                }
                finally
                {
                    await ended.CancelAsync();
                }
            },
            CancellationToken.None);
        try
        {
            while (await ReadHeadAsync(reader, ended.Token) is { } head)
            {
                var line = head[..head.IndexOf('\r', StringComparison.Ordinal)];
                lock (seen)
                {
                    seen.Add(line);
                }

                var body = new byte[ContentLength(head)];
                await reader.ReadExactlyAsync(body, ended.Token);
                if (Answer(line) is { } answer)
                {
                    await client.WriteAsync(Encoding.ASCII.GetBytes(answer), ended.Token);
                    continue;
                }

                fate = await Decide(line);
                if (fate == RequestFate.NeverSent)
                {
                    break;
                }

                await service.WriteAsync(Encoding.Latin1.GetBytes(head), ended.Token);
                await service.WriteAsync(body, ended.Token);
            }
        }
        finally
        {
            service.Close();
            client.Close();
            await answers.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task RelayAsync(NetworkStream from, NetworkStream to, Func<RequestFate> fate)
    {
        var buffer = new byte[16 * 1024];
        var passed = 0;
        while (await from.ReadAsync(buffer, stop.Token) is var count and > 0)
        {
            passed = fate() == RequestFate.AnswerCut ? passed + count : 0;
            if (fate() == RequestFate.AnswerLost || passed > CutAfter)
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, count), stop.Token);
        }
    }

    private static async Task<string?> ReadHeadAsync(BufferedStream reader, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var octet = new byte[1];
        while (head.Length < MaxHead && await reader.ReadAsync(octet, cancellationToken) == 1)
        {
            head.Append((char)octet[0]);
            if (octet[0] == '\n' && head.Length >= 4 && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
            {
                return head.ToString();
            }
        }

        return null;
    }

    private static int ContentLength(string head)
    {
        const string name = "\r\ncontent-length:";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : int.Parse(head.AsSpan(at + name.Length, head.IndexOf('\r', at + 2) - at - name.Length).Trim(), CultureInfo.InvariantCulture);
    }
}
