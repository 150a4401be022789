using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET /admin/v1/backups</c>: the backups that can be restored from. They are taken, checked and restored by <see cref="Jobs"/>.</summary>
internal static class Backups
{
    public static void Map(IEndpointRouteBuilder admin) =>
        admin.MapGet("/backups", ListAsync).Requires(AdminPermission.Operate, Reach.Platform).Answers<BackupList>("listBackups", "The whole backups, the oldest first");

    public static IResult NoPlace() => Problem.Unavailable("there is no place for backups: set Backup:Directory, or Backup:ConnectionString or Backup:ServiceUri of a storage account");

    private static async Task<IResult> ListAsync(IGrainFactory grains)
    {
        var upkeep = grains.GetGrain<IUpkeepGrain>(0);
        return await upkeep.HasBackupPlaceAsync() ? Results.Ok(new BackupList(await upkeep.ListBackupsAsync())) : NoPlace();
    }

    private sealed record BackupList(IReadOnlyList<BackupInfo> Backups);
}
