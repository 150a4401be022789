using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Mailboxes;

/// <summary>Which folders, and in what order: filter and sort of Mailbox/query (RFC 8621 §2.3). Pure.</summary>
internal sealed record MailboxSelection
{
    private static readonly string[] SortProperties = ["sortOrder", "name", "parentId"];

    public required Filter<Func<EmailFolder, FolderTree, bool>> Filter { get; init; }

    public required IReadOnlyList<Comparator> Sort { get; init; }

    public required bool SortAsTree { get; init; }

    public required bool FilterAsTree { get; init; }

    /// <summary>True when where a folder stands depends on itself alone.</summary>
    public bool CanCalculateChanges => !SortAsTree && !FilterAsTree;

    public static MailboxSelection Read(JsonObject? filter, IReadOnlyList<Comparator> sort, JmapArguments arguments) => new()
    {
        Filter = FilterReader.Read<Func<EmailFolder, FolderTree, bool>>(filter, Conditions),
        Sort = sort.FirstOrDefault(key => !SortProperties.Contains(key.Property)) is { } unknown ? throw Comparator.Unsupported($"mailboxes have no order by {unknown.Property}") : sort,
        SortAsTree = arguments.FindBool("sortAsTree", false),
        FilterAsTree = arguments.FindBool("filterAsTree", false),
    };

    public List<EmailFolder> Choose(IReadOnlyList<EmailFolder> folders)
    {
        var tree = new FolderTree(folders);
        var matching = folders.Where(folder => Filter.Matches(condition => condition(folder, tree))).ToHashSet();
        var chosen = folders.Where(folder => matching.Contains(folder) && (!FilterAsTree || tree.Above(folder).All(matching.Contains))).ToList();
        chosen.Sort((one, other) => Compare(one, other, tree));
        return SortAsTree ? AsTree(chosen, folders, tree) : chosen;
    }

    // RFC 8621 §2.3: those of one parent in the order of the sort, each followed by what stands below it, whether the parent itself is chosen or not.
    private List<EmailFolder> AsTree(List<EmailFolder> chosen, IReadOnlyList<EmailFolder> folders, FolderTree tree)
    {
        var wanted = chosen.ToHashSet();
        var below = folders.Order(Comparer<EmailFolder>.Create((one, other) => Compare(one, other, tree))).ToLookup(folder => tree.ParentOf(folder)?.Id ?? 0);
        var ordered = new List<EmailFolder>(chosen.Count);
        var open = new Stack<EmailFolder>(below[0].Reverse());
        while (open.TryPop(out var folder))
        {
            if (wanted.Contains(folder))
            {
                ordered.Add(folder);
            }

            foreach (var child in below[folder.Id].Reverse())
            {
                open.Push(child);
            }
        }

        return ordered;
    }

    private int Compare(EmailFolder one, EmailFolder other, FolderTree tree)
    {
        foreach (var key in Sort)
        {
            var difference = key.Property switch
            {
                "sortOrder" => one.SortOrder.CompareTo(other.SortOrder),
                "name" => string.Compare(MailboxRecord.NameOf(one), MailboxRecord.NameOf(other), StringComparison.OrdinalIgnoreCase),
                _ => (tree.ParentOf(one)?.Id ?? 0).CompareTo(tree.ParentOf(other)?.Id ?? 0),
            };
            if (difference != 0)
            {
                return key.IsAscending ? difference : -difference;
            }
        }

        return one.Id.CompareTo(other.Id);
    }

    private static List<Func<EmailFolder, FolderTree, bool>> Conditions(JsonObject json)
    {
        var members = new JmapArguments(json);
        var conditions = new List<Func<EmailFolder, FolderTree, bool>>();
        if (json.ContainsKey("parentId"))
        {
            var parent = members.FindText("parentId");
            conditions.Add((folder, tree) => (tree.ParentOf(folder) is { } above ? ObjectIds.OfFolder(above.Id) : null) == parent);
        }

        if (members.FindText("name") is { } name)
        {
            conditions.Add((folder, _) => MailboxRecord.NameOf(folder).Contains(name, StringComparison.OrdinalIgnoreCase));
        }

        if (json.ContainsKey("role"))
        {
            var role = members.FindText("role");
            conditions.Add((folder, _) => MailboxRecord.RoleOf(folder) == role);
        }

        AddBool(conditions, members, "hasAnyRole", folder => MailboxRecord.RoleOf(folder) is not null);
        AddBool(conditions, members, "isSubscribed", folder => folder.Subscribed);
        members.DoneAsFilter();
        return conditions;
    }

    private static void AddBool(List<Func<EmailFolder, FolderTree, bool>> conditions, JmapArguments members, string name, Func<EmailFolder, bool> value)
    {
        if (members.Has(name))
        {
            var wanted = members.FindBool(name, false);
            conditions.Add((folder, _) => value(folder) == wanted);
        }
    }
}
