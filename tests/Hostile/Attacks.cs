namespace MailCloud.Hostile;

/// <summary>Every attack, in the order of the figures.</summary>
public static class Attacks
{
    public static IReadOnlyList<Attack> All { get; } =
    [
        .. SlowLoris.All, .. EndlessLines.All, .. UnfinishedLiterals.All, .. RandomOctets.All, .. HalfOpenLogins.All, .. PasswordGuessing.All,
        .. CommandFloods.All, .. UntakenReplies.All, .. DearCommands.All, .. ConnectionFloods.All, .. ClientHelloFloods.All, .. CompressionBombs.All, .. MailBombs.All,
        .. HttpFloods.All,
    ];

    /// <summary>
    /// Arguments of a server whose patience is short, so that what waits for it to end does not take minutes. Rates and numbers from loopback are not limited by default.
    /// </summary>
    public static IReadOnlyList<string> ShortPatience { get; } =
    [
        "--Smtp:CommandTimeout=00:00:08", "--Smtp:DataTimeout=00:00:04", "--Smtp:HandshakeTimeout=00:00:04",
        "--Imap:LoginTimeout=00:00:04", "--Imap:LoginDeadline=00:00:06", "--Imap:InactivityTimeout=00:00:08", "--Imap:WriteTimeout=00:00:04",
        "--Pop3:LoginTimeout=00:00:04", "--Pop3:LoginDeadline=00:00:06", "--Pop3:InactivityTimeout=00:00:05", "--Pop3:WriteTimeout=00:00:04",
        "--Web:HeaderTimeout=00:00:04", "--Web:IdleTimeout=00:00:04",
    ];
}
