using System.Text.RegularExpressions;
using MailCloud.AzureStorage;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>
/// Requests to the storage account by operation and by what is stored, from the log of accesses that Azurite writes (<c>cluster.sh up --AccessLog</c>). It has each request that was answered, repeats and
/// refusals included, as the bill has.
/// </summary>
internal sealed partial class StorageOperations
{
    private readonly Dictionary<(string Operation, string Of), long> counts = [];

    /// <summary>Counts of operations, and what each is of: <c>body</c> (a message), <c>state</c> (chunks, manifests), <c>journal</c>.</summary>
    public IReadOnlyDictionary<(string Operation, string Of), long> Counts => counts;

    /// <summary>What all of them cost, in USD.</summary>
    public double Price => counts.Sum(kind => kind.Value * StoragePrices.Of(kind.Key.Operation));

    /// <summary>What they would cost if so many bodies shared a blob, written at once, in USD. Bodies are still read and released one by one.</summary>
    public double PriceWithPackedBodies(int bodies) =>
        Price - (counts.GetValueOrDefault(("PutBlob", "body")) * StoragePrices.Of("PutBlob") * (1 - (1.0 / bodies)));

    /// <summary>Counts what the log has from an offset on.</summary>
    public static StorageOperations Read(string log, long from)
    {
        var operations = new StorageOperations();
        using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(from, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            if (Access().Match(line) is { Success: true } access)
            {
                operations.Add(access);
            }
        }

        return operations;
    }

    private void Add(Match access)
    {
        var operation = StorageOperation.NameOf(access.Groups["method"].Value, access.Groups["query"].Value);
        var of = access.Groups["container"].Value != "blobs" ? "journal" : Body().IsMatch(access.Groups["name"].Value) ? "body" : "state";
        counts[(operation, of)] = counts.GetValueOrDefault((operation, of)) + 1;
    }

    /// <summary>127.0.0.1 - - [27/Nov/2026:06:20:00 +0000] "PUT /devstoreaccount1/blobs/demo/body/0123?comp=block HTTP/1.1" 201 -</summary>
    [GeneratedRegex("""^\S+ - \S+ \[[^\]]+\] "(?<method>[A-Z]+) /[^/]+/(?<container>[^/? ]+)/?(?<name>[^? ]*)\??(?<query>\S*) HTTP/1\.1" """)]
    private static partial Regex Access();

    /// <summary>tenant/body/id.</summary>
    [GeneratedRegex("^[^/]+/body/")]
    private static partial Regex Body();
}
