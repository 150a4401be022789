using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>A host that knows nobody: it refuses each recipient for good.</summary>
internal sealed class RefusingHost : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task serving;

    private RefusingHost()
    {
        listener.Start();
        serving = Task.Run(ServeAsync);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static RefusingHost Start() => new();

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        ending.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(ending.Token);
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await SayAsync(stream, "220 refusing.test");
            while (await reader.ReadLineAsync(ending.Token) is { } line)
            {
                await SayAsync(stream, line.Split(' ')[0] switch
                {
                    "RCPT" => "550 5.1.1 no such user",
                    "DATA" => "554 5.5.1 no valid recipients",
                    "QUIT" => "221 bye",
                    _ => "250 fine",
                });
            }
        }
    }

    private async Task SayAsync(NetworkStream stream, string reply) => await stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n"), ending.Token);
}
