namespace MailCloud.MailboxAccess.Tests.Model;

internal enum ModelCommand
{
    Select,
    Examine,
    Unselect,
    Close,
    Noop,
    Idle,
    Append,
    Deliver,
    Store,
    UidStore,
    StoreSilent,
    UidStoreSilent,
    ConditionalStore,
    Fetch,
    FetchSeen,
    UidFetch,
    FetchChanged,
    Search,
    Expunge,
    UidExpunge,
    Copy,
    UidCopy,
    Move,
    UidMove,
    Create,
    Delete,
    Rename,
}

/// <summary>
/// One command of one session. The numbers choose among what there is when it runs, so that a script in which steps are left out still means something.
/// </summary>
internal sealed record ModelStep(int Session, ModelCommand Command, int A, int B, int C)
{
    // How often each is given, beside those that stand here once.
    private static readonly ModelCommand[] Often =
    [
        .. Enum.GetValues<ModelCommand>(),
        ModelCommand.Select, ModelCommand.Select, ModelCommand.Select, ModelCommand.Noop, ModelCommand.Idle, ModelCommand.Append, ModelCommand.Append, ModelCommand.Deliver,
        ModelCommand.Store, ModelCommand.Store, ModelCommand.StoreSilent, ModelCommand.ConditionalStore, ModelCommand.FetchChanged, ModelCommand.Fetch, ModelCommand.Expunge, ModelCommand.Expunge, ModelCommand.Create,
    ];

    public static IReadOnlyList<ModelStep> Random(int seed, int length)
    {
        var random = new Random(seed);
        var sessions = random.Next(2, 5);
        return [.. Enumerable.Range(0, length).Select(_ => new ModelStep(random.Next(sessions), Often[random.Next(Often.Length)], random.Next(100), random.Next(100), random.Next(100)))];
    }
}
