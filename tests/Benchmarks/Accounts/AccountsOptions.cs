namespace MailCloud.Benchmarks.Accounts;

/// <summary>What is measured, and where.</summary>
internal sealed record AccountsOptions
{
    /// <summary>Imported with a hash, into one domain.</summary>
    public required int Hashed { get; init; }

    /// <summary>Imported with passwords in clear, each of which is hashed, into another domain.</summary>
    public required int Clear { get; init; }

    /// <summary>Starts of the server on the filled folder; each walks all pages twice.</summary>
    public required int Starts { get; init; }

    /// <summary>Pages at random places, and as many of random prefixes, after each walk.</summary>
    public required int Pages { get; init; }

    /// <summary>The folder has the accounts of an earlier run: none are imported.</summary>
    public required bool IsFilled { get; init; }

    public required int PortOffset { get; init; }

    public required string Data { get; init; }
}
