using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Identities;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>Which submissions are asked for, and in which order (RFC 8621 §7.3).</summary>
internal sealed class SubmissionQuery(JsonObject? filter, IReadOnlyList<Comparator> sort)
{
    private readonly Filter<Func<SubmissionRow, bool>> filter = FilterReader.Read(filter, ConditionsOf);
    private readonly IReadOnlyList<(Comparison<SubmissionRow> Compare, bool IsAscending)> order = [.. sort.Select(key => (ComparisonOf(key.Property), key.IsAscending))];

    /// <summary>The ids of those that match, in order; what is equal in all keys by its id, which is in the order of making.</summary>
    public IReadOnlyList<string> Run(IReadOnlyList<SubmissionRow> rows)
    {
        var matching = rows.Where(row => filter.Matches(condition => condition(row))).ToList();
        matching.Sort(Compare);
        return [.. matching.Select(row => SubmissionJson.IdOf(row.Id))];
    }

    private int Compare(SubmissionRow one, SubmissionRow other)
    {
        foreach (var (compare, isAscending) in order)
        {
            if (compare(one, other) is not 0 and var result)
            {
                return isAscending ? result : -result;
            }
        }

        return string.CompareOrdinal(SubmissionJson.IdOf(one.Id), SubmissionJson.IdOf(other.Id));
    }

    private static Comparison<SubmissionRow> ComparisonOf(string property) => property switch
    {
        "emailId" => (one, other) => string.CompareOrdinal(ObjectIds.OfEmail(one.Email), ObjectIds.OfEmail(other.Email)),
        "threadId" => (one, other) => one.Thread.CompareTo(other.Thread),
        "sentAt" => (one, other) => one.SendAt.CompareTo(other.SendAt),
        _ => throw Comparator.Unsupported($"there is no order by {property}"),
    };

    private static List<Func<SubmissionRow, bool>> ConditionsOf(JsonObject json)
    {
        var members = new JmapArguments(json);
        var conditions = new List<Func<SubmissionRow, bool>>();
        Add(members.FindTexts("identityIds")?.ToHashSet(StringComparer.Ordinal), (row, ids) => ids.Contains(IdentityJson.IdOf(row.Identity)));
        Add(members.FindTexts("emailIds")?.ToHashSet(StringComparer.Ordinal), (row, ids) => ids.Contains(ObjectIds.OfEmail(row.Email)));
        Add(members.FindTexts("threadIds")?.ToHashSet(StringComparer.Ordinal), (row, ids) => ids.Contains(ObjectIds.OfThread(row.Thread)));
        Add(members.FindText("undoStatus"), (row, status) => SubmissionJson.TextOf(row.Undo) == status);
        Add(TimeOf(members, "before"), (row, time) => row.SendAt < time.At);
        Add(TimeOf(members, "after"), (row, time) => row.SendAt >= time.At);
        members.DoneAsFilter();
        return conditions;

        void Add<T>(T? given, Func<SubmissionRow, T, bool> matches)
            where T : class
        {
            if (given is not null)
            {
                conditions.Add(row => matches(row, given));
            }
        }
    }

    private static Moment? TimeOf(JmapArguments members, string name) => members.FindText(name) is not { } text ? null
        : JmapText.TryUtcDate(text, out var time) ? new(time) : throw MethodException.InvalidArguments($"{name} must be a UTCDate");

    private sealed record Moment(DateTimeOffset At);
}
