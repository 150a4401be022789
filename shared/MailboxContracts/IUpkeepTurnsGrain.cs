namespace MailCloud.MailboxContracts;

/// <summary>
/// Keeps a sweep from deleting what a backup under way has still to copy: either sweeps have the turn or backups. Key: 0. Who has it says so again in time, or it ends.
/// </summary>
[Alias("mc.IUpkeepTurnsGrain")]
public interface IUpkeepTurnsGrain : IGrainWithIntegerKey
{
    /// <summary>How long a turn lasts after it was taken or prolonged.</summary>
    static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <summary>Takes or prolongs a turn, durably. False: work of the other kind has it.</summary>
    [Alias("Take")]
    Task<bool> TakeAsync(Guid turn, UpkeepWork work);

    /// <summary>Ends a turn; one that is unknown is ignored.</summary>
    [Alias("End")]
    Task EndAsync(Guid turn);
}

public enum UpkeepWork
{
    Sweep = 0,

    Backup = 1,
}
