using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Jmap.Snippets;

/// <summary>What of a filter is to be marked: words that an Email matched by, not those that it must not have.</summary>
internal sealed class SnippetWords
{
    private readonly HashSet<string> subject = new(StringComparer.Ordinal);
    private readonly HashSet<string> body = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Subject => subject;

    public IReadOnlyCollection<string> Body => body;

    public static SnippetWords Of(Filter<EmailTerm> filter)
    {
        var words = new SnippetWords();
        words.Add(filter, isWanted: true);
        return words;
    }

    private void Add(Filter<EmailTerm> filter, bool isWanted)
    {
        if (isWanted && filter.Condition is TextTerm text)
        {
            body.UnionWith(text.Text.Folded);
            subject.UnionWith(text.WithHeader ? text.Text.Folded : []);
        }
        else if (isWanted && filter.Condition is HeaderTerm { Text: not null } header && header.Name.Equals("subject", StringComparison.OrdinalIgnoreCase))
        {
            subject.UnionWith(header.Text.Folded);
        }

        foreach (var inner in filter.Conditions)
        {
            Add(inner, isWanted != (filter.Operator == FilterOperator.Not));
        }
    }
}
