using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>The order of Email/query (RFC 8621 §4.4.2).</summary>
/// <param name="Keys">None: receivedAt, the latest first.</param>
internal sealed record EmailOrder(IReadOnlyList<Comparator> Keys)
{
    // Chars of a subject or a name that are compared.
    private const int MaxKey = 200;

    private static readonly Dictionary<string, EmailSortKey> Rows = new(StringComparer.Ordinal)
    {
        ["receivedAt"] = EmailSortKey.ReceivedAt,
        ["size"] = EmailSortKey.Size,
        ["hasKeyword"] = EmailSortKey.HasKeyword,
        ["allInThreadHaveKeyword"] = EmailSortKey.AllInThreadHaveKeyword,
        ["someInThreadHaveKeyword"] = EmailSortKey.SomeInThreadHaveKeyword,
    };

    private static readonly string[] OfContent = ["from", "to", "subject", "sentAt"];

    /// <summary>All properties that Emails can be ordered by.</summary>
    public static IEnumerable<string> Properties => Rows.Keys.Concat(OfContent);

    public bool NeedsContent => Keys.Any(key => OfContent.Contains(key.Property));

    public bool NeedsThreads => Keys.Any(key => key.Property is "allInThreadHaveKeyword" or "someInThreadHaveKeyword");

    /// <summary>The order in which a scan goes through the mailbox anyway.</summary>
    public bool IsThatOfScan => Keys is [] or [{ Property: "receivedAt", IsAscending: false }];

    /// <exception cref="MethodException">unsupportedSort, or invalidArguments.</exception>
    public static EmailOrder Read(IReadOnlyList<Comparator> keys)
    {
        foreach (var key in keys)
        {
            if (!Properties.Contains(key.Property))
            {
                throw Comparator.Unsupported($"Emails have no order by {key.Property}");
            }

            if (key.Property.EndsWith("Keyword", StringComparison.Ordinal) != key.Keyword is not null)
            {
                throw MethodException.InvalidArguments("keyword belongs to an order by keyword");
            }
        }

        return new(keys);
    }

    /// <summary>For the mailbox; no key is of content.</summary>
    public IReadOnlyList<EmailSort> ToRows() => [.. Keys.Select(key => new EmailSort(Rows[key.Property], key.IsAscending, key.Keyword?.ToLowerInvariant() ?? ""))];

    /// <summary>What an Email is ordered by, key by key.</summary>
    public IComparable[] ValuesOf(SearchedEmail email) => [.. Keys.Select(key => ValueOf(email, key))];

    public int Compare(IComparable[] one, IComparable[] other)
    {
        for (var i = 0; i < Keys.Count; i++)
        {
            var difference = one[i] is string text ? string.CompareOrdinal(text, (string)other[i]) : one[i].CompareTo(other[i]);
            if (difference != 0)
            {
                return Keys[i].IsAscending ? difference : -difference;
            }
        }

        return 0;
    }

    private static IComparable ValueOf(SearchedEmail email, Comparator key)
    {
        var envelope = email.Record.Content?.Summary.Envelope;
        return key.Property switch
        {
            "receivedAt" => email.Record.ReceivedAt.ToUnixTimeMilliseconds(),
            "size" => email.Record.Size,
            "from" => NameOf(envelope!.From),
            "to" => NameOf(envelope!.To),
            "subject" => Key(BaseSubject.Of(HeaderValue.Text(Encoding.Latin1.GetBytes(envelope!.Subject ?? "")))),
            "sentAt" => envelope!.SentAt?.ToUnixTimeMilliseconds() ?? long.MinValue,
            "hasKeyword" => email.Has(key.Keyword!),
            "allInThreadHaveKeyword" => email.AllInThreadHave(key.Keyword!),
            _ => email.SomeInThreadHave(key.Keyword!),
        };
    }

    // The name of the first person, or the address where there is none.
    private static string NameOf(IReadOnlyList<AddressField> addresses)
    {
        var first = addresses.FirstOrDefault(address => address.Host is not null);
        var name = first.Name is null ? "" : HeaderValue.Text(Encoding.Latin1.GetBytes(first.Name));
        return Key(name.Length > 0 ? name : $"{first.Mailbox}@{first.Host}");
    }

    private static string Key(string text) => TextFold.Of(text.AsSpan(0, Math.Min(text.Length, MaxKey)));
}
