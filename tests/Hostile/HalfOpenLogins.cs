namespace MailCloud.Hostile;

/// <summary>Logins that are begun and left at each step.</summary>
public static class HalfOpenLogins
{
    /// <summary>base64 of "n,,n=alice@example.test,r=rOprNGfwEbeRWgbNEkqO": SCRAM's first message (RFC 5802 §7).</summary>
    private const string ScramFirst = "biwsbj1hbGljZUBleGFtcGxlLnRlc3Qscj1yT3ByTkdmd0ViZVJXZ2JORWtxTw==";

    private static readonly (Protocol Protocol, string Login)[] Beginnings =
    [
        (Protocol.Imap, "a AUTHENTICATE PLAIN\r\n"),
        (Protocol.Imap, "a AUTHENTICATE SCRAM-SHA-256\r\n"),
        (Protocol.Imap, $"a AUTHENTICATE SCRAM-SHA-256 {ScramFirst}\r\n"),
        (Protocol.Imap, "a LOGIN {20}\r\n"),
        (Protocol.Pop3, "USER alice@example.test\r\n"),
        (Protocol.Pop3, "AUTH PLAIN\r\n"),
        (Protocol.Pop3, $"AUTH SCRAM-SHA-256 {ScramFirst}\r\n"),
        (Protocol.Submission, "EHLO half.example\r\nAUTH PLAIN\r\n"),
        (Protocol.Submission, "EHLO half.example\r\nAUTH LOGIN\r\n"),
        (Protocol.Submission, $"EHLO half.example\r\nAUTH SCRAM-SHA-256 {ScramFirst}\r\n"),
    ];

    /// <summary>A session and the state of an exchange, and on half of the connections that of TLS.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } = [new("half-open logins", 1000, OctetsEach, RunAsync)];

    private static Task RunAsync(Target target, int size, CancellationToken cancellationToken)
    {
        (Port Port, string Login)[] all = [.. target.Ports.SelectMany(port => Beginnings.Where(b => b.Protocol == port.Protocol).Select(b => (port, b.Login)))];
        return Attack.ManyAsync(size, async i =>
        {
            var (port, login) = all[i % all.Length];
            using var peer = await Peer.GreetedAsync(target, port, cancellationToken);
            await peer.SendAsync(login, cancellationToken);
            Attack.Expect($"half a login on {port.Name}", port.Goodbye, await peer.UntilClosedAsync(cancellationToken));
        });
    }
}
