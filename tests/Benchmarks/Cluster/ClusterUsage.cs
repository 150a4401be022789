namespace MailCloud.Benchmarks.Cluster;

/// <summary>What a part of a run took.</summary>
/// <param name="CpuSeconds">Of each kind of process, <c>smtp-ingress</c> for example: of all of them together.</param>
/// <param name="GeneratorCpuSeconds">Of the load generator.</param>
/// <param name="Storage">What the storage account was asked for.</param>
internal sealed record ClusterUsage(IReadOnlyDictionary<string, double> CpuSeconds, double GeneratorCpuSeconds, StorageOperations Storage);

/// <summary>The counters at a moment: CPU seconds by kind of process, and the length of the log of accesses.</summary>
internal sealed record ClusterMark(IReadOnlyDictionary<string, double> CpuSeconds, double GeneratorCpuSeconds, long LogLength);
