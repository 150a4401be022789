using System.Globalization;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>Which pages of a group hold members. A page that had one stays: when it is empty again it costs a call.</summary>
[Reentrant]
internal sealed class GroupGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<GroupState, GroupPageUsed>(storage), IGroupGrain
{
    /// <summary>Pages that are asked side by side: those of a small group have one member each, those of a large one fill the answer.</summary>
    private const int PagesAtATime = 16;

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => $"group/{Key}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Used.Count == 0)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count)
    {
        var first = after.Length == 0 ? 0 : GroupPages.PageOf(after);
        int[] pages = [.. State.Used.Where(page => page >= first)];
        await Durable();
        var found = new List<EmailAddress>();
        foreach (var some in pages.Chunk(PagesAtATime).TakeWhile(_ => found.Count < count))
        {
            var answers = await Task.WhenAll(some.Select(page => PageOf(page).GetPageAsync(page == first ? after : "", count - found.Count)));
            found.AddRange(answers.SelectMany(answer => answer).Take(count - found.Count));
        }

        return found;
    }

    public async Task UseAsync(int page)
    {
        if (!State.Used.Contains(page))
        {
            Record(new(page));
        }

        await Durable();
    }

    // The pages first: until then this says that there are some.
    public async Task DestroyAsync()
    {
        foreach (var some in State.Used.ToArray().Chunk(PagesAtATime))
        {
            await Task.WhenAll(some.Select(page => PageOf(page).DestroyAsync()));
        }

        await DestroyStateAsync();
    }

    protected override void Apply(GroupState state, GroupPageUsed recorded) => state.Used.Add(recorded.Page);

    private IGroupPageGrain PageOf(int page) => GrainFactory.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(Key, page));
}

/// <summary>One of the <see cref="GroupPages.Count"/> pages of a group's members.</summary>
[Reentrant]
internal sealed class GroupPageGrain(GrainStorage storage) : SnapshotGrain<GroupPageState, GroupPageChanged>(storage), IGroupPageGrain
{
    /// <summary>A page of so many is about 2 MB; a group comes to five million.</summary>
    internal const int MaxMembers = 20_000;

    private static readonly Comparer<GroupMember> byKey = Comparer<GroupMember>.Create((one, other) => string.CompareOrdinal(one.Key, other.Key));

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => $"group-page/{Key}";

    public async Task<int?> AddAsync(IReadOnlyList<EmailAddress> members)
    {
        // The group first: a page that it does not know of is not walked, whenever this process dies.
        var slash = Key.LastIndexOf('/');
        await GrainFactory.GetGrain<IGroupGrain>(Key[..slash]).UseAsync(int.Parse(Key.AsSpan(slash + 1), CultureInfo.InvariantCulture));

        EmailAddress[] added = [.. members.DistinctBy(member => member.Key, StringComparer.Ordinal).Where(member => IndexOf(State, member.Key) < 0)];
        var isFull = State.Members.Count + added.Length > MaxMembers;
        if (added.Length > 0 && !isFull)
        {
            Record(new(added, []));
        }

        await Durable();
        return isFull ? null : added.Length;
    }

    public async Task<bool> RemoveAsync(string key)
    {
        var isMember = IndexOf(State, key) >= 0;
        if (isMember)
        {
            Record(new([], [key]));
        }

        await Durable();
        return isMember;
    }

    public async Task<bool> ContainsAsync(string key)
    {
        var isMember = IndexOf(State, key) >= 0;
        await Durable();
        return isMember;
    }

    public async Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count)
    {
        var at = IndexOf(State, after);
        EmailAddress[] page = [.. State.Members.Skip(at < 0 ? ~at : at + 1).Take(count).Select(member => member.Address)];
        await Durable();
        return page;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(GroupPageState state, GroupPageChanged recorded)
    {
        foreach (var added in recorded.Added)
        {
            if (IndexOf(state, added.Key) is < 0 and var at)
            {
                state.Members.Insert(~at, new(added.Key, added));
            }
        }

        foreach (var removed in recorded.Removed)
        {
            if (IndexOf(state, removed) is >= 0 and var at)
            {
                state.Members.RemoveAt(at);
            }
        }
    }

    private static int IndexOf(GroupPageState state, string key) => state.Members.BinarySearch(new(key, default), byKey);
}
