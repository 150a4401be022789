namespace MailCloud.Benchmarks.Cluster;

/// <summary>
/// Azure's list prices of operations on a general-purpose v2 account: product "General Block Blob v2", SKU "Hot LRS", region eastus, in USD, without discounts. From Azure's Retail Prices API as public repositories noted it:
/// the whole table undated, writes on 2026-08-10; for southeastasia, where they cost the same, writes, reads and others on 2026-10-03. Azure itself could not be asked here. Which operation is of which type:
/// learn.microsoft.com, "Map each REST operation to a price", 2025-05-14.
/// </summary>
internal static class StoragePrices
{
    /// <summary>Meter "Hot LRS Write Operations", 0.05 for 10,000.</summary>
    private const double Write = 0.05 / 10_000;

    /// <summary>Meter "Hot Read Operations", 0.004 for 10,000.</summary>
    private const double Read = 0.004 / 10_000;

    /// <summary>Meter "LRS List and Create Container Operations", 0.05 for 10,000.</summary>
    private const double List = 0.05 / 10_000;

    /// <summary>Meter "All Other Operations", 0.004 for 10,000.</summary>
    private const double Other = 0.004 / 10_000;

    /// <summary>USD for one operation. A refused one costs the same.</summary>
    /// <param name="operation">As <see cref="AzureStorage.StorageOperation"/> calls it.</param>
    public static double Of(string operation) => operation switch
    {
        "PutBlob" or "PutBlock" or "PutBlockList" or "AppendBlock" => Write,
        "GetBlob" => Read,
        "ListBlobs" or "CreateContainer" => List,
        "DeleteBlob" => 0,
        _ => Other,
    };
}
