using System.Globalization;
using System.Text;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>The dialogs of <c>dialogs/*.mx</c>.</summary>
public sealed class DialogTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Smtp", "dialogs");

    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["hello"] = "Subject: hello\r\n\r\nhello\r\n",
        ["dots"] = ".\r\n..a\r\nb.\r\n\r\n.c\r\nend",
        ["empty"] = "",
    };

    public static TheoryData<string, Chunking> Dialogs
    {
        get
        {
            var data = new TheoryData<string, Chunking>();
            foreach (var name in Directory.EnumerateFiles(Folder, "*.mx").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal))
            {
                foreach (var chunking in Enum.GetValues<Chunking>())
                {
                    data.Add(name, chunking);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Dialogs))]
    public async Task Is_held_however_it_comes(string name, Chunking chunking)
    {
        var dialog = MxDialog.Parse(File.ReadLines(Path.Combine(Folder, name)));
        await using var mx = new FakeMx(dialog.Steps, chunking);
        var said = await DoAsync(dialog.Deeds, mx);
        await mx.FinishedAsync();
        Assert.Equal(dialog.Deeds.Count, said.Count);
        foreach (var (expected, actual) in dialog.Deeds.Zip(said))
        {
            Assert.True(expected.EndsWith('*') ? actual.StartsWith(expected[..^1], StringComparison.Ordinal) : actual == expected, $"expected: {expected}\nbut it was: {actual}");
        }
    }

    /// <summary>Does what the lines with <c>&gt;</c> say; returns these, with what became of each.</summary>
    private static async Task<List<string>> DoAsync(IReadOnlyList<string> deeds, FakeMx mx)
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var said = new List<string>();
        var result = await Relaying.Connector(time: time).ConnectAsync(Relaying.RouteTo(mx.As("mx.example")), false, false, CancellationToken.None);
        if (result is ConnectResult.NotConnected not)
        {
            said.Add($"< not connected: {Relaying.Line(not.Outcome)} ({not.Verdict})");
            return said;
        }

        await using var session = Assert.IsType<ConnectResult.Connected>(result).Session;
        foreach (var deed in deeds.Where(d => d[0] == '>'))
        {
            said.Add(deed);
            switch (deed.Split(' ')[1])
            {
                case "send":
                    var sent = await session.SendAsync(Read(deed.Split(' ')[2..], time), CancellationToken.None);
                    said.AddRange(sent.Outcomes.Select(o => $"< {Relaying.Line(o)}"));
                    said.Add($"< {Relaying.State(sent)}");
                    break;
                case "alive":
                    time.Advance(TimeSpan.FromMinutes(1));
                    said.Add($"< {(await session.IsAliveAsync(CancellationToken.None) ? "alive" : "dead")}");
                    break;
                case "quit":
                    await session.QuitAsync(CancellationToken.None);
                    break;
                default:
                    throw new FormatException(deed);
            }
        }

        return said;
    }

    /// <summary><c>from= to=a,b body= form= length= envid= ret= notify= orcpt= priority= by= tls= utf8 header-utf8</c>.</summary>
    private static OutboundTransaction Read(string[] words, FakeTimeProvider time)
    {
        var given = words.Select(w => w.Split('=', 2)).ToDictionary(w => w[0], w => w.Length > 1 ? w[1] : "");
        var recipients = given["to"].Split(',').Select(Relaying.Address).Select(a => new OutboundRecipient(a, new()
        {
            Address = a,
            Remote = [a],
            OriginalRecipient = given.GetValueOrDefault("orcpt"),
            Notify = given.TryGetValue("notify", out var notify) ? notify.Split('+').Aggregate(DsnNotify.Unspecified, (all, one) => all | Enum.Parse<DsnNotify>(one)) : default,
        })).ToList();
        var body = Encoding.UTF8.GetBytes(Bodies[given.GetValueOrDefault("body", "hello")]);
        var by = given.TryGetValue("by", out var deadline) ? deadline.Split(';') : null;
        var envelope = new Envelope
        {
            Recipients = [],
            SmtpUtf8 = given.ContainsKey("utf8"),
            EnvelopeId = given.GetValueOrDefault("envid")?.Replace('_', ' '),
            Return = given.TryGetValue("ret", out var ret) ? Enum.Parse<DsnReturn>(ret) : default,
            Priority = int.Parse(given.GetValueOrDefault("priority", "0"), CultureInfo.InvariantCulture),
            DeliverBy = by is null ? null : new(time.GetUtcNow().AddSeconds(double.Parse(by[0], CultureInfo.InvariantCulture)), by[1][0] == 'R', by[1].EndsWith('T')),
            Tls = given.TryGetValue("tls", out var tls) ? Enum.Parse<TlsDemand>(tls) : default,
        };
        return new(
            given.TryGetValue("from", out var from) && from.Length > 0 ? Relaying.Address(from) : null,
            recipients,
            envelope,
            given.TryGetValue("length", out var length) ? long.Parse(length, CultureInfo.InvariantCulture) : body.Length,
            given.TryGetValue("form", out var form) ? Enum.Parse<BodyType>(form) : BodyType.SevenBit,
            _ => Task.FromResult<Stream>(new MemoryStream(body)),
            given.ContainsKey("header-utf8"));
    }
}
