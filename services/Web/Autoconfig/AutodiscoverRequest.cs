using System.Xml;

namespace MailCloud.Web.Autoconfig;

/// <summary>What Outlook sends ([MS-OXDSCLI] §2.2.3.1).</summary>
/// <param name="Address">Of whom it asks, as it was written; null when it does not say.</param>
/// <param name="ResponseSchema">The schema of the answer that it takes; null when it does not say.</param>
internal sealed record AutodiscoverRequest(string? Address, string? ResponseSchema)
{
    private const string Schema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";

    /// <summary>Of <c>Autodiscover/Request/EMailAddress</c>, say.</summary>
    private const int Depth = 2;

    /// <summary>No document type, so no entities of its own, and nothing is fetched.</summary>
    private static readonly XmlReaderSettings settings = new()
    {
        Async = true,
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <summary>Reads forward only: however deep it is nested, nothing recurses. Null: it is no such request.</summary>
    /// <param name="body">Whoever opens it has bounded it.</param>
    public static async Task<AutodiscoverRequest?> TryReadAsync(Stream body)
    {
        try
        {
            using var reader = XmlReader.Create(body, settings);
            if (await reader.MoveToContentAsync() != XmlNodeType.Element || reader.LocalName != "Autodiscover" || reader.NamespaceURI != Schema)
            {
                return null;
            }

            string? address = null;
            string? schema = null;
            while (!reader.EOF)
            {
                // What reads an element stands behind it then.
                switch (reader is { NodeType: XmlNodeType.Element, Depth: Depth, NamespaceURI: Schema } ? reader.LocalName : "")
                {
                    case "EMailAddress":
                        address = await reader.ReadElementContentAsStringAsync();
                        break;
                    case "AcceptableResponseSchema":
                        schema = await reader.ReadElementContentAsStringAsync();
                        break;
                    default:
                        await reader.ReadAsync();
                        break;
                }
            }

            return new(address?.Trim(), schema?.Trim());
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
