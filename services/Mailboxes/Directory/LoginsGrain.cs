using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>Who has logged in to one account, as the edges tell it some time after. Re-entrant: it asks its address, which may be about to destroy it.</summary>
[Reentrant]
internal sealed class LoginsGrain(GrainStorage storage) : SnapshotGrain<LoginsState, LoginsTold>(storage), ILoginsGrain
{
    /// <summary>An edge repeats a telling within seconds, and tells of an account once in thirty: these are of as many edges.</summary>
    private const int KeptTellings = 32;

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => $"logins/{Key}";

    public async Task<IReadOnlyList<LoginRow>> ListAsync()
    {
        LoginRow[] all = [.. State.Rows];
        await Durable();
        return all;
    }

    public async Task AddAsync(Guid telling, IReadOnlyList<LoginRow> rows)
    {
        var isAccount = await GrainFactory.GetGrain<IAddressGrain>(Key).GetAsync() is { Kind: AddressKind.Account };
        if (isAccount && !State.Tellings.Contains(telling))
        {
            Record(new(telling, [.. rows]));
        }

        await Durable();
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(LoginsState state, LoginsTold recorded)
    {
        state.Tellings.Enqueue(recorded.Telling);
        if (state.Tellings.Count > KeptTellings)
        {
            state.Tellings.Dequeue();
        }

        foreach (var row in recorded.Rows)
        {
            Add(state.Rows, row);
        }
    }

    private static void Add(List<LoginRow> rows, LoginRow row)
    {
        var same = rows.FindLastIndex(kept => kept.Join(row) is not null);
        if (same >= 0)
        {
            row = rows[same].Join(row)!;
            rows.RemoveAt(same);
        }

        rows.Insert(rows.FindLastIndex(kept => kept.LastAt <= row.LastAt) + 1, row);
        if (rows.Count > LoginRow.Most)
        {
            // The oldest of what there is more of: neither do guesses from a thousand networks take away who logged in, nor many logins who guessed.
            var moreLogins = rows.Count(IsLogin) > LoginRow.Most / 2;
            rows.RemoveAt(rows.FindIndex(kept => IsLogin(kept) == moreLogins));
        }
    }

    private static bool IsLogin(LoginRow row) => row.Kind.Result == LoginResult.Ok;
}
