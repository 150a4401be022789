using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>What a connection costs in memory does not grow with the message: 50 MB go in and come out while the process's peak is watched.</summary>
public sealed partial class LargeMessageTests(ITestOutputHelper output)
{
    private const int Size = 50_000_000;
    private const int AtOnce = 4;

    /// <summary>What the peak may rise above the level before, in bytes: less than one message, for one connection and for four.</summary>
    private const long Bound = 40_000_000;

    private const string Password = "large-password";

    private static readonly string[] Recipients = [.. Enumerable.Range(1, AtOnce).Select(i => $"large{i}@example.test")];

    [Fact]
    public async Task Memory_does_not_grow_with_the_message()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 23000, arguments: ServerProcess.NoRateLimits);
        await Accounts.ImportAsync(server, Recipients.Select(a => (a, Password)));
        var messages = Recipients.Select((_, seed) => Message(seed, Size)).ToArray();
        var small = Message(9, 1_000_000);
        await WarmUpAsync(server, small);

        await BoundedAsync(server, "50 MB by DATA", () => SendByDataAsync(server, Recipients[0], messages[0]));
        await BoundedAsync(server, "50 MB by BDAT", () => SendByBdatAsync(server, Recipients[1], messages[1]));
        await BoundedAsync(server, "50 MB by BODY[]", () => ReadAsync(server, Recipients[0], uid: 5, messages[0]));
        await ReadAsync(server, Recipients[1], uid: 5, messages[1]);
        await BoundedAsync(server, "4 × 50 MB by DATA at once", () => Task.WhenAll(Recipients.Select((a, i) => SendByDataAsync(server, a, messages[i]))));
        await BoundedAsync(server, "4 × 50 MB by BODY[] at once", () => Task.WhenAll(Recipients.Select((a, i) => ReadAsync(server, a, i < 2 ? 6 : 5, messages[i]))));
        await BoundedAsync(server, "50 MB by APPEND", () => AppendAsync(server, Recipients[0], messages[0], waits: true));
        await BoundedAsync(server, "50 MB by APPEND without waiting", () => AppendAsync(server, Recipients[0], messages[1], waits: false));
        await ReadAsync(server, Recipients[0], uid: 7, messages[0], traced: false);
        await ReadAsync(server, Recipients[0], uid: 8, messages[1], traced: false);
        await BoundedAsync(server, "60 MB by APPEND without waiting", () => RefuseAsync(server, Recipients[0], 60_000_000));
        Directory.Delete(data, recursive: true);
    }

    /// <summary>Compiles what is to be measured and fills the pools: the message that is not large, some times.</summary>
    private static async Task WarmUpAsync(ServerProcess server, byte[] small)
    {
        foreach (var account in Recipients)
        {
            for (var uid = 1; uid <= 4; uid++)
            {
                await (uid % 2 == 0 ? SendByDataAsync(server, account, small) : SendByBdatAsync(server, account, small));
                await ReadAsync(server, account, uid, small);
            }
        }
    }

    private async Task BoundedAsync(ServerProcess server, string what, Func<Task> work)
    {
        var before = await MemoryAsync(server, "VmRSS");

        // proc(5): 5 sets the peak back to what is in use now.
        await File.WriteAllTextAsync($"/proc/{server.ProcessId}/clear_refs", "5");
        await work();
        var growth = await MemoryAsync(server, "VmHWM") - before;
        output.WriteLine($"{what}: peak {growth / 1_000_000.0:F1} MB above {before / 1_000_000.0:F1} MB");
        Assert.True(growth < Bound, $"{what}: the peak rose by {growth} bytes above {before}");
    }

    private static async Task<long> MemoryAsync(ServerProcess server, string field)
    {
        var lines = await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/status");
        var kilobytes = Digits().Match(lines.Single(l => l.StartsWith(field + ":", StringComparison.Ordinal))).Value;
        return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>A header and lines of base64 of random octets: no two parts of it are the same.</summary>
    private static byte[] Message(int seed, int size)
    {
        var random = new byte[size * 9L / 12];
        new Random(seed).NextBytes(random);
        var text = Convert.ToBase64String(random, Base64FormattingOptions.InsertLineBreaks);
        return Encoding.ASCII.GetBytes($"Subject: large {seed}\r\nX-Seed: {seed}\r\n\r\n{text[..(size - 100)]}\r\n");
    }

    private static async Task<RawConnection> EnvelopeAsync(ServerProcess server, string recipient)
    {
        var connection = await RawConnection.OpenSmtpAsync(server.Smtp);
        await connection.CommandAsync("MAIL FROM:<large@example.org>", "250");
        await connection.CommandAsync($"RCPT TO:<{recipient}>", "250");
        return connection;
    }

    private static async Task SendByDataAsync(ServerProcess server, string recipient, byte[] message)
    {
        using var connection = await EnvelopeAsync(server, recipient);
        await connection.CommandAsync("DATA", "354");
        await connection.SendAsync(message); // Base64 has no dot to double.
        await connection.CommandAsync(".", "250");
    }

    private static async Task SendByBdatAsync(ServerProcess server, string recipient, byte[] message)
    {
        const int Chunk = 20_000_000;
        using var connection = await EnvelopeAsync(server, recipient);
        for (var start = 0; start < message.Length; start += Chunk)
        {
            var chunk = message.AsMemory(start, Math.Min(Chunk, message.Length - start));
            var last = start + chunk.Length == message.Length ? " LAST" : "";
            await connection.SendAsync(Encoding.ASCII.GetBytes($"BDAT {chunk.Length}{last}\r\n"));
            await connection.SendAsync(chunk);
            await connection.ExpectAsync("250");
        }
    }

    private static async Task AppendAsync(ServerProcess server, string account, byte[] message, bool waits)
    {
        using var connection = await OpenInboxAsync(server, account);
        await connection.SendAsync(Encoding.ASCII.GetBytes($"a APPEND INBOX {{{message.Length}{(waits ? "" : "+")}}}\r\n"));
        if (waits)
        {
            Assert.StartsWith("+ ", await connection.LineAsync(), StringComparison.Ordinal);
        }

        await connection.SendAsync(message);
        await connection.SendAsync("\r\n"u8.ToArray());
        string line;
        do
        {
            line = await connection.LineAsync();
        }
        while (line.StartsWith("* ", StringComparison.Ordinal));
        Assert.StartsWith("a OK [APPENDUID ", line, StringComparison.Ordinal);
    }

    /// <summary>RFC 7888 §4: what is too large and comes unasked is read and thrown away, and the session goes on.</summary>
    private static async Task RefuseAsync(ServerProcess server, string account, int size)
    {
        using var connection = await OpenInboxAsync(server, account);
        await connection.SendAsync(Encoding.ASCII.GetBytes($"a APPEND INBOX {{{size}+}}\r\n"));
        var piece = new byte[100_000];
        piece.AsSpan().Fill((byte)'x');
        for (var sent = 0; sent < size; sent += piece.Length)
        {
            await connection.SendAsync(piece);
        }

        await connection.SendAsync("\r\n"u8.ToArray());
        Assert.StartsWith("a NO [TOOBIG]", await connection.LineAsync(), StringComparison.Ordinal);
        await connection.ImapAsync("NOOP");
    }

    private static async Task<RawConnection> OpenInboxAsync(ServerProcess server, string account)
    {
        var connection = await RawConnection.OpenAsync(server.Imap);
        await connection.LineAsync();
        await connection.ImapAsync($"LOGIN {account} {Password}");
        await connection.ImapAsync("SELECT INBOX");
        return connection;
    }

    /// <summary>Reads a message by its UID as it comes, and its header; all must be what was sent, under the trace fields of one that was delivered.</summary>
    private static async Task ReadAsync(ServerProcess server, string account, int uid, byte[] message, bool traced = true)
    {
        using var connection = await OpenInboxAsync(server, account);
        await UntilThereAsync(connection, uid);

        var whole = await FetchAsync(connection, uid, "BODY[]");
        Assert.True(whole.AsSpan().EndsWith(message), $"UID {uid} of {account} is not what was sent");
        Assert.Equal(traced, whole.AsSpan().StartsWith("Return-Path: <"u8));
        Assert.Equal(traced, whole.Length > message.Length);

        var header = await FetchAsync(connection, uid, "BODY.PEEK[HEADER]");
        var end = whole.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        Assert.Equal(whole[..end], header);
    }

    private static async Task UntilThereAsync(RawConnection connection, int uid)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes($"s UID SEARCH UID {uid}\r\n"));
            var found = false;
            for (var line = await connection.LineAsync(); !line.StartsWith("s OK", StringComparison.Ordinal); line = await connection.LineAsync())
            {
                found |= line == $"* SEARCH {uid}";
            }

            if (found)
            {
                return;
            }

            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task<byte[]> FetchAsync(RawConnection connection, int uid, string item)
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes($"f UID FETCH {uid} ({item})\r\n"));
        var line = await connection.LineAsync();
        var length = Literal().Match(line);
        Assert.True(length.Success, line);
        var octets = new byte[int.Parse(length.Groups["octets"].Value, CultureInfo.InvariantCulture)];
        await connection.ReadExactlyAsync(octets);
        while (!line.StartsWith("f ", StringComparison.Ordinal))
        {
            line = await connection.LineAsync();
        }

        Assert.StartsWith("f OK", line, StringComparison.Ordinal);
        return octets;
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\{(?<octets>[0-9]+)\}$")]
    private static partial Regex Literal();
}
