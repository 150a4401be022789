namespace MailCloud.Backup;

/// <summary>How much of a copy goes on at once.</summary>
public static class Lanes
{
    /// <summary>Each lane waits for storage most of the time; what there are more of would only hold up the installation's own work.</summary>
    private const int Count = 16;

    public static ParallelOptions Options(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = Count, CancellationToken = cancellationToken };
}
