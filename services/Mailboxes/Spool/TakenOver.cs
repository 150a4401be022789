using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// Which entries a shard has taken over, waiting or finished, and which of them it gave back before their time, for 14 days and as long as anything as old as they are waits. Of each key it keeps a hash, by the day of acceptance: the recent ones
/// in memory, older ones in immutable segments. A segment says between which times its mail was accepted, so that new mail, which is younger than any of them, loads none; a late repeat loads the few that span its time.
/// </summary>
internal sealed class TakenOver(SpoolSizes sizes)
{
    public const int HashLength = 16;

    /// <summary>A day is forgotten when the last of its mail was taken over so many days ago, today not counted.</summary>
    private const int Days = 15;

    /// <summary>Segments in memory for late repeats, 1 MiB each at most.</summary>
    private const int LoadedSegments = 4;

    /// <summary>Of a past day fewer hashes than this part of <see cref="SpoolSizes.RecentKeys"/> ride in the manifest.</summary>
    private const int PastDayPart = 8;

    private readonly SortedDictionary<int, Day> days = [];

    private IEnumerable<Segment> Segments => days.Values.SelectMany(day => day.Segments);

    public static UInt128 HashOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>Under which an entry that was taken out before its time is remembered beside its own: no key begins so.</summary>
    public static UInt128 HashOfTakenOut(string key) => HashOf($"taken out {key}");

    /// <summary>The message of an entry.</summary>
    public static bool TryMessageOf(string key, out DeliveryId delivery)
    {
        delivery = default;
        return key.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && DeliveryId.TryParse(key[..colon], out delivery);
    }

    public void Add(UInt128 hash, DeliveryId delivery)
    {
        var accepted = delivery.AcceptedAt.ToUnixTimeMilliseconds();
        if (!days.TryGetValue(delivery.AcceptDay.DayNumber, out var day))
        {
            days[delivery.AcceptDay.DayNumber] = day = new();
        }

        day.Add(hash, accepted);
    }

    /// <summary>A segment to load before <see cref="Contains"/> may be asked about this key; null when there is none.</summary>
    public Segment? Unloaded(UInt128 hash, DeliveryId delivery) => Find(delivery) is { } day && !day.Recent.Contains(hash)
        ? day.Segments.Find(segment => segment.Hashes is null && segment.Spans(delivery.AcceptedAt.ToUnixTimeMilliseconds()))
        : null;

    public bool Contains(UInt128 hash, DeliveryId delivery) => Find(delivery) is { } day
        && (day.Recent.Contains(hash) || day.Segments.Exists(segment => segment.Contains(hash)));

    /// <summary>Lets go of what late repeats loaded.</summary>
    public void Trim()
    {
        if (days.Count > 0 && Segments.Count(segment => segment is { Hashes: not null, Written: true }) > LoadedSegments)
        {
            Unload();
        }
    }

    /// <summary>Segments that <see cref="Seal"/> will merge with what is recent, and that are to be loaded before.</summary>
    public IReadOnlyList<Segment> ToLoadBeforeSeal(int today) =>
        [.. days.Where(day => IsToWrite(day.Key, day.Value, today)).SelectMany(day => ToMerge(day.Value)).Where(segment => segment.Hashes is null)];

    /// <summary>Forgets old days, and makes segments of what is recent where that is much.</summary>
    /// <param name="today">The day number of today.</param>
    /// <param name="oldestWaiting">The day number of the oldest mail that waits: what is as old is not forgotten.</param>
    /// <param name="newBlob">Names a blob.</param>
    public (TakenOverDay[] Manifest, IReadOnlyList<Segment> Written) Seal(int today, int oldestWaiting, Func<string> newBlob)
    {
        foreach (var day in days.Values.Where(day => day.Changed))
        {
            (day.LastTaken, day.Changed) = (today, false);
        }

        foreach (var number in days.Where(day => day.Key < oldestWaiting && day.Value.LastTaken < today - Days).Select(day => day.Key).ToArray())
        {
            days.Remove(number);
        }

        var written = days.Where(day => IsToWrite(day.Key, day.Value, today)).Select(day => Write(day.Value, newBlob())).ToList();
        return ([.. days.Select(day => day.Value.ToManifest(day.Key))], written);
    }

    /// <summary>The segments of the last seal are durable.</summary>
    public void Finish()
    {
        foreach (var segment in Segments)
        {
            segment.Written = true;
        }

        Unload();
    }

    public static TakenOver From(IEnumerable<TakenOverDay> manifest, SpoolSizes sizes)
    {
        var taken = new TakenOver(sizes);
        foreach (var day in manifest)
        {
            taken.days[day.Day] = Day.From(day);
        }

        return taken;
    }

    private Day? Find(DeliveryId delivery) => days.GetValueOrDefault(delivery.AcceptDay.DayNumber);

    private void Unload()
    {
        foreach (var segment in Segments.Where(segment => segment.Written))
        {
            segment.Hashes = null;
        }
    }

    private bool IsToWrite(int number, Day day, int today) => day.Recent.Count >= (number < today ? Math.Max(1, sizes.RecentKeys / PastDayPart) : sizes.RecentKeys);

    // The last ones, as long as they are no larger than what they are merged with: so each hash is written anew a few times in all, and the segments of a day stay few.
    private List<Segment> ToMerge(Day day)
    {
        var (merged, count) = (new List<Segment>(), day.Recent.Count);
        for (var i = day.Segments.Count - 1; i >= 0 && day.Segments[i].Count <= count && day.Segments[i].Count + count <= sizes.SegmentKeys; i--)
        {
            merged.Add(day.Segments[i]);
            count += day.Segments[i].Count;
        }

        return merged;
    }

    private Segment Write(Day day, string blob)
    {
        var merged = ToMerge(day).TakeWhile(segment => segment.Hashes is not null).ToList();
        var hashes = day.Recent.Concat(merged.SelectMany(segment => segment.All())).Order().ToArray();
        var segment = new Segment(new(
            blob,
            hashes.Length,
            merged.Aggregate(day.FirstAccepted, (first, s) => Math.Min(first, s.Manifest.FirstAccepted)),
            merged.Aggregate(day.LastAccepted, (last, s) => Math.Max(last, s.Manifest.LastAccepted))))
        {
            Hashes = Pack(hashes),
            Written = false,
        };
        day.Segments.RemoveAll(merged.Contains);
        day.Segments.Add(segment);
        day.Clear();
        return segment;
    }

    private static byte[] Pack(UInt128[] hashes)
    {
        var bytes = new byte[hashes.Length * HashLength];
        for (var i = 0; i < hashes.Length; i++)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(i * HashLength), hashes[i]);
        }

        return bytes;
    }

    internal sealed class Segment(TakenOverSegment manifest)
    {
        public TakenOverSegment Manifest => manifest;

        public int Count => manifest.Count;

        /// <summary>Null while it is not in memory.</summary>
        public byte[]? Hashes { get; set; }

        /// <summary>False while its blob is not durable: then it stays in memory.</summary>
        public bool Written { get; set; } = true;

        public bool Spans(long accepted) => accepted >= manifest.FirstAccepted && accepted <= manifest.LastAccepted;

        public bool Contains(UInt128 hash)
        {
            if (Hashes is not { } hashes)
            {
                return false;
            }

            var (low, high) = (0, (hashes.Length / HashLength) - 1);
            while (low <= high)
            {
                var middle = (low + high) / 2;
                var order = At(hashes, middle).CompareTo(hash);
                if (order == 0)
                {
                    return true;
                }

                (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
            }

            return false;
        }

        public IEnumerable<UInt128> All() => Hashes is { } hashes ? Enumerable.Range(0, hashes.Length / HashLength).Select(i => At(hashes, i)) : [];

        private static UInt128 At(byte[] hashes, int index) => BinaryPrimitives.ReadUInt128BigEndian(hashes.AsSpan(index * HashLength));
    }

    private sealed class Day
    {
        public HashSet<UInt128> Recent { get; private set; } = [];

        public long FirstAccepted { get; private set; } = long.MaxValue;

        public long LastAccepted { get; private set; } = long.MinValue;

        public List<Segment> Segments { get; init; } = [];

        public int LastTaken { get; set; }

        /// <summary>True when something was added since the last seal.</summary>
        public bool Changed { get; set; }

        public void Add(UInt128 hash, long accepted)
        {
            Recent.Add(hash);
            (FirstAccepted, LastAccepted) = (Math.Min(FirstAccepted, accepted), Math.Max(LastAccepted, accepted));
            Changed = true;
        }

        public void Clear() => (Recent, FirstAccepted, LastAccepted) = ([], long.MaxValue, long.MinValue);

        public TakenOverDay ToManifest(int number) => new()
        {
            Day = number,
            LastTaken = LastTaken,
            Recent = Pack([.. Recent.Order()]),
            FirstAccepted = FirstAccepted,
            LastAccepted = LastAccepted,
            Segments = [.. Segments.Select(segment => segment.Manifest)],
        };

        public static Day From(TakenOverDay manifest) => new()
        {
            Recent = [.. new Segment(new("", 0, 0, 0)) { Hashes = manifest.Recent }.All()],
            FirstAccepted = manifest.FirstAccepted,
            LastAccepted = manifest.LastAccepted,
            LastTaken = manifest.LastTaken,
            Segments = [.. manifest.Segments.Select(segment => new Segment(segment))],
        };
    }
}
