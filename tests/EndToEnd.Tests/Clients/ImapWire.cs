using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>A command's untagged responses, each whole with its literals, and its tagged one: OK, NO or BAD and the text after that.</summary>
internal sealed partial record ImapAnswer(IReadOnlyList<string> Untagged, string Status, string Text)
{
    public bool Ok => Status == "OK";

    /// <summary>The arguments of a response code, of the tagged response or of an untagged OK; null when it is not there.</summary>
    public string? Code(string name) => Untagged.Where(u => u.StartsWith("OK [", StringComparison.Ordinal)).Select(u => u[3..]).Append(Text)
        .Where(text => text.StartsWith($"[{name} ", StringComparison.Ordinal)).Select(text => text[(name.Length + 2)..text.IndexOf(']', StringComparison.Ordinal)]).LastOrDefault();

    /// <summary>The FETCH responses, with the number that they begin with.</summary>
    public IEnumerable<(int Number, string Items)> Fetched() =>
        Untagged.Select(u => Fetch().Match(u)).Where(m => m.Success).Select(m => (int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), m.Groups[2].Value));

    [GeneratedRegex(@"^(\d+) FETCH \((.*)\)$", RegexOptions.Singleline)]
    private static partial Regex Fetch();
}

/// <summary>An IMAP connection that shows every response as it came, in order. Octets are Latin-1 characters.</summary>
internal sealed partial class ImapWire : IDisposable
{
    private readonly TcpClient client = new() { NoDelay = true };
    private NetworkStream stream = null!;
    private StreamReader reader = null!;
    private string? bye;
    private int tags;

    public static async Task<ImapWire> OpenAsync(int port, string user, string password, CancellationToken stop)
    {
        var wire = new ImapWire();
        try
        {
            await wire.client.ConnectAsync("127.0.0.1", port, stop);
            wire.stream = wire.client.GetStream();
            wire.reader = new StreamReader(wire.stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, bufferSize: 16384);
            await wire.ResponseAsync(stop);
            var login = await wire.SendAsync($"LOGIN {user} {password}", stop);
            return login.Ok ? wire : throw new UnwantedAnswerException($"LOGIN was answered {login.Status} {login.Text}");
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Sends a command, whole with its non-synchronising literals, and returns its answer.</summary>
    public async Task<ImapAnswer> SendAsync(string command, CancellationToken stop)
    {
        var tag = await WriteAsync(command, stop);
        var untagged = new List<string>();
        while (true)
        {
            var response = await ResponseAsync(stop);
            if (response.StartsWith(tag, StringComparison.Ordinal))
            {
                var rest = response[tag.Length..];
                var space = rest.IndexOf(' ', StringComparison.Ordinal);
                return new(untagged, rest[..space], rest[(space + 1)..]);
            }

            untagged.Add(response.StartsWith("* ", StringComparison.Ordinal) ? response[2..] : throw new IOException($"to {command} came {response}"));
        }
    }

    /// <summary>Has INBOX selected and idles (RFC 2177) until cancelled. What is told meanwhile is read, and not kept.</summary>
    public async Task IdleAsync(CancellationToken stop)
    {
        var selected = await SendAsync("SELECT INBOX", stop);
        var tag = selected.Ok ? await WriteAsync("IDLE", stop) : throw new UnwantedAnswerException($"SELECT was answered {selected.Status} {selected.Text}");
        while (true)
        {
            var response = await ResponseAsync(stop);
            if (response.StartsWith(tag, StringComparison.Ordinal))
            {
                throw new UnwantedAnswerException($"IDLE was answered {response}");
            }
        }
    }

    /// <summary>A literal as part of a command (RFC 7888).</summary>
    public static string Literal(string text) => string.Create(CultureInfo.InvariantCulture, $"{{{text.Length}+}}\r\n{text}");

    public void Dispose()
    {
        reader?.Dispose();
        client.Dispose();
    }

    /// <summary>Returns the tag that the answer will begin with.</summary>
    private async Task<string> WriteAsync(string command, CancellationToken stop)
    {
        var tag = string.Create(CultureInfo.InvariantCulture, $"a{++tags} ");
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{tag}{command}\r\n"), stop);
        return tag;
    }

    private async Task<string> ResponseAsync(CancellationToken stop)
    {
        var response = new StringBuilder();
        while (true)
        {
            var line = await reader.ReadLineAsync(stop) ?? throw new IOException($"the connection ended{bye}");
            bye = line.StartsWith("* BYE ", StringComparison.Ordinal) ? $" with {line}" : bye;
            response.Append(line);
            if (LiteralAtEnd().Match(line) is not { Success: true } literal)
            {
                return response.ToString();
            }

            var text = new char[int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture)];
            for (var read = 0; read < text.Length;)
            {
                var more = await reader.ReadAsync(text.AsMemory(read), stop);
                read += more > 0 ? more : throw new IOException("the connection ended");
            }

            response.Append("\r\n").Append(text);
        }
    }

    [GeneratedRegex(@"\{(\d+)\}$")]
    private static partial Regex LiteralAtEnd();
}
