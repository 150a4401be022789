using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Short ways to connect and to send.</summary>
internal static class Relaying
{
    public static readonly SmtpClientOptions Options = new() { HostName = "relay.example" };

    public static SmtpConnector Connector(SmtpClientOptions? options = null, TimeProvider? time = null) =>
        new(Microsoft.Extensions.Options.Options.Create(options ?? Options), time ?? TimeProvider.System, NullLogger<SmtpConnector>.Instance);

    public static Route RouteTo(params MailHost[] hosts) => new("mx.example", hosts, new(10, 100, null));

    public static async Task<SmtpClientSession> SessionAsync(MailHost host, SmtpClientOptions? options = null, TimeProvider? time = null) =>
        Assert.IsType<ConnectResult.Connected>(await Connector(options, time).ConnectAsync(RouteTo(host), false, false, CancellationToken.None)).Session;

    public static EmailAddress Address(string text) =>
        EmailAddress.TryParse(text, out var address) ? address : throw new FormatException($"this is no address: {text}");

    /// <summary>An ordinary message.</summary>
    public static OutboundTransaction Message(string body, params string[] recipients) => Message(Encoding.UTF8.GetBytes(body), recipients);

    public static OutboundTransaction Message(byte[] body, params string[] recipients)
    {
        var all = recipients.Select(r => new OutboundRecipient(Address(r), new() { Address = Address(r), Remote = [Address(r)] })).ToList();
        var envelope = new Envelope { Sender = Address("me@here.example"), Recipients = [.. all.Select(r => r.Recipient)] };
        return new(envelope.Sender, all, envelope, body.Length, BodyType.SevenBit, _ => Task.FromResult<Stream>(new MemoryStream(body)));
    }

    /// <summary>An outcome as one line: <c>delivered reply</c>, <c>deferred status reply</c>, <c>failed status reply</c>.</summary>
    public static string Line(RelayOutcome outcome) => outcome switch
    {
        RelayOutcome.Delivered d => $"delivered{(d.ReportsPassedOn ? "+dsn" : "")} {d.Reply}",
        RelayOutcome.Deferred d => $"deferred {d.Status} {d.Reply}",
        RelayOutcome.Failed f => $"failed {f.Status} {f.Reply}",
        _ => throw new InvalidOperationException(),
    };

    /// <summary>What a result says beside the outcomes: <c>usable</c> or <c>over</c>, and what is remarkable.</summary>
    public static string State(TransactionResult result) => string.Join(' ', new[]
    {
        result.Usable ? "usable" : "over",
        result.Verdict == ConnectionVerdict.TooMuch ? "too-much" : "",
        result.InDoubt ? "in-doubt" : "",
        result.AtOnce.Count > 0 ? $"at-once={string.Join(',', result.AtOnce)}" : "",
    }.Where(w => w.Length > 0));
}
