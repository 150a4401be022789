namespace MailCloud.AzureStorage;

/// <summary>What a request is called in the service's own logs and in its table of prices (learn.microsoft.com: Map each REST operation to a price).</summary>
internal static class StorageOperation
{
    /// <param name="method">Of HTTP, in capitals.</param>
    /// <param name="query">Of the request's URI, with or without its question mark.</param>
    public static string NameOf(string method, string query)
    {
        var component = Parameter(query, "comp");
        var ofContainer = Parameter(query, "restype") == "container";
        return (method, component) switch
        {
            ("PUT", "block") => "PutBlock",
            ("PUT", "blocklist") => "PutBlockList",
            ("PUT", "appendblock") => "AppendBlock",
            ("PUT", "metadata") => "SetBlobMetadata",
            ("PUT", "") => ofContainer ? "CreateContainer" : "PutBlob",
            ("GET", "list") => "ListBlobs",
            ("GET", "") => ofContainer ? "GetContainerProperties" : "GetBlob",
            ("HEAD", "") => "GetBlobProperties",
            ("DELETE", "") => "DeleteBlob",
            _ => "Other",
        };
    }

    private static string Parameter(string query, string name)
    {
        foreach (var part in query.TrimStart('?').Split('&'))
        {
            if (part.StartsWith(name, StringComparison.Ordinal) && part.Length > name.Length && part[name.Length] == '=')
            {
                return part[(name.Length + 1)..];
            }
        }

        return "";
    }
}
