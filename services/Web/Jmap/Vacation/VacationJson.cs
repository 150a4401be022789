using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Vacation;

/// <summary>VacationResponse as JSON (RFC 8621 §8), and back.</summary>
internal static class VacationJson
{
    public const string Id = "singleton";

    public static readonly string[] Properties = ["id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody"];

    // Octets of UTF-8. A subject is some lines of a header; the bodies are three times as long as those of signatures.
    private const int MaxSubject = 500;
    private const int MaxText = 30_000;
    private const int MaxHtml = 100_000;

    public static JsonObject Of(VacationResponse response) => new()
    {
        ["id"] = Id,
        ["isEnabled"] = response.IsEnabled,
        ["fromDate"] = response.FromDate is { } begin ? JmapText.UtcDate(begin) : null,
        ["toDate"] = response.ToDate is { } end ? JmapText.UtcDate(end) : null,
        ["subject"] = response.Subject,
        ["textBody"] = response.TextBody,
        ["htmlBody"] = response.HtmlBody,
    };

    /// <summary>The response with the properties that a client gives; what is wrong with them otherwise.</summary>
    /// <param name="response">As it is.</param>
    /// <param name="given">By name.</param>
    /// <param name="read">The outcome; as it was when something is wrong.</param>
    public static SetError? Read(VacationResponse response, JsonObject given, out VacationResponse read)
    {
        read = response;
        var wrong = new List<string>();
        foreach (var (name, value) in given)
        {
            var next = name switch
            {
                "isEnabled" when value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False => read with { IsEnabled = value!.GetValue<bool>() },
                "fromDate" when TryDate(value, out var date) => read with { FromDate = date },
                "toDate" when TryDate(value, out var date) => read with { ToDate = date },
                "subject" when TryText(value, MaxSubject, out var text) && text?.Any(char.IsControl) != true => read with { Subject = text },
                "textBody" when TryText(value, MaxText, out var text) => read with { TextBody = text },
                "htmlBody" when TryText(value, MaxHtml, out var text) => read with { HtmlBody = text },

                // RFC 8620 §5.3: what the server sets may be given as it is.
                "id" when JmapArguments.TextOf(value) == Id => read,
                _ => null,
            };
            read = next ?? read;
            if (next is null)
            {
                wrong.Add(name);
            }
        }

        if (wrong.Count == 0)
        {
            return null;
        }

        read = response;
        return SetError.InvalidProperties($"of another type, too long, unknown, or fixed: {string.Join(", ", wrong)}", [.. wrong]);
    }

    private static bool TryDate(JsonNode? value, out DateTimeOffset? date)
    {
        var isDate = JmapText.TryUtcDate(JmapArguments.TextOf(value) ?? "", out var read);
        date = isDate ? read : null;
        return isDate || value is null;
    }

    // Half of a surrogate pair is no text, and has no octets.
    private static bool TryText(JsonNode? value, int most, out string? text)
    {
        text = JmapArguments.TextOf(value) is { } given ? JmapText.Clean(given) : null;
        return value is null || (text is not null && Encoding.UTF8.GetByteCount(text) <= most);
    }
}
