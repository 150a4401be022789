namespace MailCloud.Benchmarks.Imap;

internal enum MixCommand
{
    Login = 0,
    Select = 1,
    FetchFlags = 2,
    FetchHeaders = 3,
    FetchBody = 4,
    Store = 5,
    Append = 6,
    Copy = 7,
    Move = 8,
    Expunge = 9,
    Noop = 10,
    Status = 11,
    Search = 12,
    Logout = 13,
}

/// <summary>
/// What a client does between SELECT and LOGOUT, in hundredths; EXPUNGE stands for STORE \Deleted and EXPUNGE, two commands. As many messages come by
/// APPEND as go by MOVE and EXPUNGE, so that the folder keeps its size.
/// </summary>
internal static class Mix
{
    /// <summary>Steps on a connection; 20 to 60 commands are what clients with short sessions send, and a login is never free.</summary>
    public const int StepsPerConnection = 50;

    private static readonly MixCommand[] Hundred = [.. Enumerable.Repeat(MixCommand.FetchFlags, 12),
        .. Enumerable.Repeat(MixCommand.FetchHeaders, 13), .. Enumerable.Repeat(MixCommand.FetchBody, 20), .. Enumerable.Repeat(MixCommand.Store, 15),
        .. Enumerable.Repeat(MixCommand.Append, 6), .. Enumerable.Repeat(MixCommand.Copy, 3), .. Enumerable.Repeat(MixCommand.Move, 3),
        .. Enumerable.Repeat(MixCommand.Expunge, 3), .. Enumerable.Repeat(MixCommand.Noop, 12), .. Enumerable.Repeat(MixCommand.Status, 6),
        .. Enumerable.Repeat(MixCommand.Search, 7)];

    public static MixCommand Choose(Random random) => Hundred[random.Next(Hundred.Length)];
}
