using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Which deliveries this mailbox has filed, by accept day, for 14 days: what makes filing exactly-once. It forgets nothing when a message is expunged.
/// Today's ids are in memory; a past day's are in a blob and loaded when a late delivery asks.
/// </summary>
internal sealed class FiledDeliveries
{
    /// <summary>Longer than mail may wait in a spool (5 days, RFC 5321 §4.5.4.1) or a queue; an older delivery is an operator's decision.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(14);

    private readonly SortedDictionary<DateOnly, Day> days = [];

    /// <summary>The blob to load before <see cref="Contains"/> may be asked about this day; null when there is nothing to load.</summary>
    public string? UnloadedBlob(DateOnly day) => days.TryGetValue(day, out var known) && !known.Loaded ? known.Blob : null;

    public void Load(DateOnly day, string blob, FiledDay content)
    {
        if (days.TryGetValue(day, out var known) && known.Blob == blob && !known.Loaded)
        {
            known.Ids.UnionWith(content.Deliveries);
            known.Loaded = true;
        }
    }

    public bool Contains(DeliveryId delivery) => days.TryGetValue(delivery.AcceptDay, out var day) && day.Ids.Contains(delivery.Value);

    public void Add(DeliveryId delivery)
    {
        if (!days.TryGetValue(delivery.AcceptDay, out var day))
        {
            days[delivery.AcceptDay] = day = new() { Loaded = true };
        }

        day.Ids.Add(delivery.Value);
        day.Changed = true;
    }

    /// <summary>Days that <see cref="Seal"/> will write to a blob and that must be loaded first.</summary>
    public IEnumerable<(DateOnly Day, string Blob)> ToLoadBeforeSeal(DateOnly today) =>
        days.Where(d => d.Key < today && d.Value is { Changed: true, Loaded: false }).Select(d => (d.Key, d.Value.Blob!));

    /// <summary>
    /// Forgets days beyond the window; moves past days that changed into blobs, which it names by <paramref name="newBlob"/>; leaves today's inline.
    /// </summary>
    public (IReadOnlyList<FiledDayManifest> Manifest, IReadOnlyList<(string Name, FiledDay Content)> Blobs) Seal(DateOnly today, Func<string> newBlob)
    {
        var oldest = today.AddDays(-(Window.Days + 1));
        foreach (var day in days.Keys.Where(d => d < oldest).ToArray())
        {
            days.Remove(day);
        }

        var manifest = new List<FiledDayManifest>();
        var blobs = new List<(string, FiledDay)>();
        foreach (var (date, day) in days)
        {
            if (date < today && day is { Changed: true, Loaded: true })
            {
                day.Blob = newBlob();
                day.Changed = false;
                blobs.Add((day.Blob, new() { Deliveries = [.. day.Ids] }));
            }

            var inBlob = day is { Blob: not null, Changed: false };
            manifest.Add(new() { Day = date.DayNumber, Blob = day.Blob, Inline = inBlob ? [] : [.. day.Ids] });
        }

        return (manifest, blobs);
    }

    /// <summary>The blobs of past days.</summary>
    public IEnumerable<string> Blobs() => days.Values.Select(d => d.Blob).OfType<string>();

    public static FiledDeliveries From(IReadOnlyList<FiledDayManifest> manifest)
    {
        var filed = new FiledDeliveries();
        foreach (var day in manifest)
        {
            filed.days[DateOnly.FromDayNumber(day.Day)] = new()
            {
                Blob = day.Blob,
                Loaded = day.Blob is null,
                Changed = day.Inline.Length > 0,
                Ids = [.. day.Inline],
            };
        }

        return filed;
    }

    private sealed class Day
    {
        public HashSet<Guid> Ids { get; init; } = [];

        /// <summary>The blob with this day's ids, perhaps not with those added since.</summary>
        public string? Blob { get; set; }

        /// <summary>True when <see cref="Ids"/> holds the blob's ids too.</summary>
        public bool Loaded { get; set; }

        /// <summary>True when <see cref="Ids"/> holds ids that the blob lacks.</summary>
        public bool Changed { get; set; }
    }
}
