namespace MailCloud.Web.Jmap.Push;

/// <summary>Turns by name: so many at a time of each, and others wait. A name is remembered while somebody has or awaits a turn of it.</summary>
internal sealed class KeyedTurns
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Row> rows = new(StringComparer.Ordinal);

    /// <summary>Waits for a turn of each, one after the other: whoever waits for one keeps those before it. Disposing ends all.</summary>
    public async Task<IDisposable> EnterAsync(IReadOnlyList<(string Name, int Most)> names, CancellationToken cancellationToken)
    {
        var turn = new Turn(this);
        try
        {
            foreach (var (name, most) in names)
            {
                await turn.TakeAsync(name, most, cancellationToken);
            }

            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private Row Find(string name, int most)
    {
        lock (gate)
        {
            if (!rows.TryGetValue(name, out var row))
            {
                rows.Add(name, row = new(name, new(most)));
            }

            row.Users++;
            return row;
        }
    }

    private void Leave(Row row)
    {
        lock (gate)
        {
            if (--row.Users == 0)
            {
                rows.Remove(row.Name);
            }
        }
    }

    /// <summary>Those who have a turn of one name, and who wait for one.</summary>
    private sealed class Row(string name, SemaphoreSlim room)
    {
        public string Name => name;

        public SemaphoreSlim Room => room;

        public int Users { get; set; }
    }

    private sealed class Turn(KeyedTurns turns) : IDisposable
    {
        private readonly Stack<Row> taken = [];

        public async Task TakeAsync(string name, int most, CancellationToken cancellationToken)
        {
            var row = turns.Find(name, most);
            try
            {
                await row.Room.WaitAsync(cancellationToken);
                taken.Push(row);
            }
            catch
            {
                turns.Leave(row);
                throw;
            }
        }

        public void Dispose()
        {
            while (taken.TryPop(out var row))
            {
                row.Room.Release();
                turns.Leave(row);
            }
        }
    }
}
