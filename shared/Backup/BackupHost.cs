using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Backup;

public static class BackupHost
{
    /// <summary>The place of backups, section <c>Backup</c>.</summary>
    public static IServiceCollection AddBackup(this IServiceCollection services, IConfiguration configuration) =>
        services.AddSingleton(BackupOptions.From(configuration)).AddSingleton<BackupPlace>();
}
