using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>The spans of one trace.</summary>
internal sealed class SpanTree(IEnumerable<ReceivedSpan> spans)
{
    private readonly List<ReceivedSpan> spans = [.. spans.OrderBy(span => span.Start)];

    public ReceivedSpan? Find(string service, string name) => spans.Find(span => span.Service == service && span.Name == name);

    /// <summary>From the span that began the trace down to this one, as <c>service name</c>.</summary>
    public IReadOnlyList<string> PathTo(ReceivedSpan span)
    {
        var path = new List<string>();
        for (var at = span; at is not null; at = spans.Find(other => other.Id == at.Parent))
        {
            path.Insert(0, $"{at.Service} {at.Name}");
        }

        return path;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        var ids = spans.Select(span => span.Id).ToHashSet();
        foreach (var root in spans.Where(span => !ids.Contains(span.Parent)))
        {
            Write(text, root, depth: 0, spans[0].Start);
        }

        return text.ToString();
    }

    private void Write(StringBuilder text, ReceivedSpan span, int depth, ulong began)
    {
        var (at, took) = ((span.Start - began) / 1e6, (span.End - span.Start) / 1e6);
        var attributes = string.Join(' ', span.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal).Select(attribute => $"{attribute.Key}={attribute.Value}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"{at,8:0.0} ms {new string(' ', 2 * depth)}{span.Service} {span.Name} ({took:0.0} ms) {attributes}");
        foreach (var child in spans.Where(child => child.Parent == span.Id))
        {
            Write(text, child, depth + 1, began);
        }
    }
}
