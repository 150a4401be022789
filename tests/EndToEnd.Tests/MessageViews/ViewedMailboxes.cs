using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace MailCloud.EndToEnd.Tests.MessageViews;

/// <summary>A server with mail in a mailbox, and a browser that reaches nobody but it and <see cref="RecordingProxy"/>.</summary>
public sealed class ViewedMailboxes : IAsyncLifetime
{
    private const string Password = "mailcloud";

    private readonly string data = ServerProcess.NewDataDirectory();
    private ServerProcess server = null!;

    internal RecordingProxy Proxy { get; private set; } = null!;

    internal Browser Browser { get; private set; } = null!;

    internal string Origin => $"http://127.0.0.1:{server.Http}";

    public async Task InitializeAsync()
    {
        server = await ServerProcess.StartAsync(data, offset: 16600, arguments: ServerProcess.NoRateLimits);
        Proxy = await RecordingProxy.StartAsync($"127.0.0.1:{server.Http}");
        foreach (var name in (string[])["reader", "bare"])
        {
            Proxy.Serve(name, "text/html", await File.ReadAllTextAsync(PageFile($"{name}.html")));
        }

        Proxy.Serve("probe.js", "text/javascript", await File.ReadAllTextAsync(PageFile("probe.js")));
        Proxy.Serve("settled", "text/plain", "");
        Browser = await Browser.StartAsync(Proxy.Url);
    }

    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Proxy.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    /// <summary>Sends mails to a mailbox, waits until they are there, and gives the path of each one's view.</summary>
    internal async Task<List<(Mail Mail, string Path)>> SendAsync(string address, IReadOnlyList<Mail> mails)
    {
        using var imap = await MailClients.LoginAsync(server, address, Password);
        var before = imap.Inbox.Count;
        using var smtp = await RawConnection.OpenSmtpAsync(server.Smtp);
        var account = await AccountAsync(address);
        var sent = new List<(Mail, string)>();
        foreach (var mail in mails)
        {
            await smtp.CommandAsync("MAIL FROM:<x@evil.test> BODY=8BITMIME", "250");
            await smtp.CommandAsync($"RCPT TO:<{address}>", "250");
            await smtp.CommandAsync("DATA", "354");
            await smtp.SendAsync(Stuffed(mail.Octets));
            var reply = await smtp.ExpectAsync("250");

            // The id of a message is that of its delivery, which the reply names.
            sent.Add((mail, $"/mail/{account}/e{reply.Split(' ')[^1]}"));
        }

        await MailClients.UntilAsync(imap, before + mails.Count);
        return sent;
    }

    internal async Task<ViewReader> ReadAsync(string address)
    {
        var reader = await ViewReader.OpenAsync(Browser, Proxy, Origin);
        await reader.SignInAsync(address, Password);
        return reader;
    }

    /// <summary>A client that asks for JSON, past the proxy.</summary>
    internal HttpClient Client(string address)
    {
        var client = new HttpClient { BaseAddress = new(Origin) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{address}:{Password}")));
        client.DefaultRequestHeaders.Accept.Add(new("application/json"));
        return client;
    }

    private async Task<string> AccountAsync(string address)
    {
        using var client = Client(address);
        var session = await client.GetFromJsonAsync<JsonElement>("/jmap/session");
        return session.GetProperty("accounts").EnumerateObject().Single().Name;
    }

    private static string PageFile(string name) => Path.Combine(AppContext.BaseDirectory, "MessageViews", "pages", name);

    private static byte[] Stuffed(byte[] message)
    {
        var text = "\r\n" + Encoding.Latin1.GetString(message);
        var ended = text.EndsWith("\r\n", StringComparison.Ordinal) ? text : text + "\r\n";
        return Encoding.Latin1.GetBytes(ended.Replace("\r\n.", "\r\n..", StringComparison.Ordinal)[2..] + ".\r\n");
    }
}
