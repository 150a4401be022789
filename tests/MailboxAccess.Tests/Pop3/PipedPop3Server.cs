using System.Net;
using MailCloud.MailboxAccess.Pop3;
using MailCloud.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>The handler with options and a clock of a test's own, over pipes: connections come from any address.</summary>
internal sealed class PipedPop3Server
{
    private readonly Pop3ConnectionHandler handler;

    public PipedPop3Server(IServiceProvider services, Pop3Options options, params object[] parts) =>
        handler = ActivatorUtilities.CreateInstance<Pop3ConnectionHandler>(services, [Options.Create(options), Time, .. parts]);

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public PipedImapClient Connect(string address = "127.0.0.1")
    {
        var connection = new PipedConnection();
        return new(connection, ServeAsync(connection, address));
    }

    /// <summary>The next line, while time passes in steps.</summary>
    public async Task<string> PassTimeAsync(PipedImapClient client, TimeSpan step)
    {
        var line = client.ReadLineAsync();
        while (!line.IsCompleted)
        {
            Time.Advance(step);
            await Task.Yield();
        }

        return await line;
    }

    private async Task ServeAsync(PipedConnection connection, string address)
    {
        await Task.Yield();
        await using var context = new DefaultConnectionContext("piped")
        {
            Transport = connection.Server,
            RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 40_000),
        };
        await handler.ServeAsync(context, implicitTls: false);
        connection.Close();
    }
}
