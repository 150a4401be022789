using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Emails;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Limits;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Tracing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;

namespace MailCloud.Mailboxes;

/// <summary>What the grains of this project need beside a silo and the stores.</summary>
public static class MailboxesHost
{
    public static void AddMailboxes(this IHostApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection("Mailboxes").Get<MailboxesOptions>() ?? new();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(services => new ChunkStore(
            services.GetRequiredService<IMessageBlobs>(), services.GetRequiredService<Serializer>(), options));
        builder.Services.AddSingleton(services => new ThreadRoom(services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => new GrainStorage(
            services.GetRequiredService<IJournal>(),
            services.GetRequiredService<IMessageBlobs>(),
            services.GetRequiredService<Serializer>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>(),
            services.GetRequiredService<JournalTelemetry>()));
        builder.Services.AddSingleton<UnknownNames>();
        builder.Services.TryAddSingleton<SpoolSizes>();
        builder.Services.AddSingleton<SiloLosses>();
        builder.Services.AddSingleton<LeasesLeft>();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<LimiterTelemetry>();
        builder.Services.AddSingleton<JournalTelemetry>();
        builder.Services.AddSingleton<SpoolTelemetry>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<SiloLosses>());
        builder.Services.AddSingleton<WaitingMail>();
        builder.Services.AddSingleton<BodyHolders>();
        builder.Services.AddSingleton<StateParts>();
        builder.AddTracingOptions();
        builder.Services.AddSingleton<ExpiredTraces>();
        builder.Services.AddSingleton<ExpiredExpansions>();
        builder.Services.AddSingleton<DomainPurge>();
        builder.Services.AddSingleton<TenantPurge>();
        builder.Services.AddSingleton<DueDeletions>();
        builder.Services.AddSingleton<Verifier>();
        builder.Services.AddSingleton<UpkeepTurns>();
        builder.Services.AddSingleton<Sweeper>();
        builder.Services.AddHostedService<SweepTimer>();
        builder.Services.AddBackup(builder.Configuration);
        builder.Services.AddSingleton<MailboxRestore>();
        builder.Services.AddSingleton<TenantRestore>();
        builder.Services.AddSingleton<BackupTaker>();
        builder.Services.AddSingleton<BackupCheck>();
        builder.Services.AddSingleton<BackupRestore>();
        builder.Services.AddSingleton<AccountImporter>();
        builder.Services.AddSingleton<JobWorks>();
        builder.Services.AddHostedService<JobTimer>();
    }
}
