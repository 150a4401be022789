using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST</c> and <c>GET /admin/v1/jobs?tenant=&amp;after=&amp;limit=</c>, <c>GET /admin/v1/jobs/{id}</c>, <c>GET …/records?after=&amp;limit=</c>, <c>PUT …/input</c>,
/// <c>POST …/cancel</c>: long work that goes on when who began it, or the process that does it, is gone. Whoever may do the work at once may begin, see and cancel it as a job.
/// </summary>
internal static class Jobs
{
    private const string NextRule = "after is the value that the page before gave as next";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var jobs = admin.MapGroup("/jobs").Requires(AdminPermission.ManageAddresses | AdminPermission.WriteContent | AdminPermission.Operate, Reach.Caller);
        jobs.MapPost("", BeginAsync).AnswersAccepted<JobView>("beginJob", "Begins long work: verify, sweep, import-accounts, backup, check-backup, restore-mailbox or restore-tenant");
        jobs.MapGet("", ListAsync).Answers<JobPage>("listJobs", "The jobs of the platform or of a tenant, the newest first, a page at a time");
        jobs.MapGet("/{id}", GetAsync).Answers<JobView>("getJob", "A job, with how far it is");
        jobs.MapGet("/{id}/records", GetRecordsAsync).Answers<JobRecordPage>("listJobRecords", "What a job found, or which lines it could not do, a page at a time");
        jobs.MapPost("/{id}/cancel", CancelAsync).Answers<JobView>("cancelJob", "Has a job end as soon as it may");
        jobs.MapPut("/{id}/input", (string id, HttpContext context, Caller caller, Act act, AccountUpload upload) => upload.RunAsync(id, context, caller, act))
            .Answers<JobView>("putJobInput", "Sends an import its lines address,password");
    }

    /// <summary>A job within the caller's reach; null: there is none, as far as the caller may know.</summary>
    public static async Task<JobInfo?> FindAsync(string id, Caller caller, IGrainFactory grains) =>
        JobIds.IsId(id) && await grains.GetGrain<IJobGrain>(id).FindAsync() is { } job && IsSeenBy(caller, job) ? job : null;

    public static IResult None(string id) => Problem.NotFound($"there is no job {id}");

    private static bool IsSeenBy(Caller caller, JobInfo job) => caller.Reaches(job.Spec.Tenant) && caller.May(PermissionFor(job.Spec.Kind));

    private static AdminPermission PermissionFor(JobKind kind) => kind switch
    {
        JobKind.ImportAccounts => AdminPermission.ManageAddresses,
        JobKind.RestoreMailbox => AdminPermission.WriteContent,
        _ => AdminPermission.Operate,
    };

    private static async Task<IResult> BeginAsync(NewJob body, Caller caller, Act act, IGrainFactory grains)
    {
        if (body.Kind is not { } kind || !Enum.IsDefined(kind))
        {
            return Problem.BadRequest("kind is one of verify, sweep, import-accounts, backup, check-backup, restore-mailbox and restore-tenant");
        }

        if (!caller.May(PermissionFor(kind)))
        {
            return Problem.Forbidden("this token may not begin a job of this kind");
        }

        if (body.WhyWrong(kind) is { } wrong)
        {
            return Problem.BadRequest(wrong);
        }

        var tenant = kind == JobKind.ImportAccounts && body.Tenant is { } named ? new TenantId(named) : caller.Tenant;
        if (await WhyOutOfReachAsync(kind, body, tenant, caller, grains) is { } refusal)
        {
            return refusal;
        }

        var spec = new JobSpec
        {
            Kind = kind,
            Tenant = tenant,
            By = caller.ToString(),
            Grace = body.Grace is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Subject = kind == JobKind.RestoreTenant ? body.Tenant : body.Key,
            Folder = body.Folder,
            Backup = body.Backup,
        };
        if (await grains.GetGrain<IJobListGrain>(JobLists.KeyOf(tenant)).BeginAsync(spec) is not { } job)
        {
            return Problem.Conflict($"{JobQueues.MostOfOne} jobs of this kind have not ended, or {JobQueues.MostOpen} of all tenants: wait for one, or cancel it");
        }

        var view = JobView.Of(job);
        act.Changed(null, new { view.Id, view.Kind, view.Tenant, body.Grace, view.Subject, body.Folder, body.Backup });
        return Results.Accepted($"{AdminAccess.Path}/jobs/{job.Id}", view);
    }

    // Whose things the job is about, and that there is a place for backups: in this order, so that nobody learns of another's.
    private static async Task<IResult?> WhyOutOfReachAsync(JobKind kind, NewJob body, TenantId? tenant, Caller caller, IGrainFactory grains)
    {
        if (tenant is { } id && (!caller.Reaches(tenant) || await grains.GetGrain<ITenantGrain>(id.Value).GetAsync() is null))
        {
            return Problem.NoTenant(id.Value);
        }

        if (kind == JobKind.RestoreMailbox)
        {
            var host = await grains.GetGrain<IDomainGrain>(body.Parsed!.Value.AsciiDomain).GetTenantAsync();
            if (host is null || !caller.Reaches(host))
            {
                return Problem.NotHosted(body.Parsed.Value.AsciiDomain);
            }

            if ((await MailboxOfAddress.FindAsync(body.Key!, grains)).Refusal is { } refusal)
            {
                return refusal;
            }
        }

        var needsPlace = kind is JobKind.Backup or JobKind.CheckBackup or JobKind.RestoreMailbox or JobKind.RestoreTenant;
        return needsPlace && !await grains.GetGrain<IUpkeepGrain>(0).HasBackupPlaceAsync() ? Backups.NoPlace() : null;
    }

    private static async Task<IResult> ListAsync(string? tenant, string? after, int? limit, Caller caller, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        if (after is not null && !JobIds.IsId(after))
        {
            return Problem.BadRequest(NextRule);
        }

        var whose = tenant is null ? caller.Tenant : new TenantId(tenant);
        if (whose is { } id && (!caller.Reaches(whose) || !TenantId.IsValid(id.Value) || await grains.GetGrain<ITenantGrain>(id.Value).GetAsync() is null))
        {
            return Problem.NoTenant(id.Value);
        }

        var ids = await (whose is null ? grains.GetGrain<IJobNamesGrain>(0).GetPageAsync(after ?? "", count)
            : grains.GetGrain<IJobListGrain>(JobLists.KeyOf(whose)).GetPageAsync(after ?? "", count));
        var found = await Task.WhenAll(ids.Select(job => FindAsync(job, caller, grains)));
        return Results.Ok(new JobPage(found.OfType<JobInfo>().Select(JobView.Of), ids.Count == count ? ids[^1] : null));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, IGrainFactory grains) =>
        await FindAsync(id, caller, grains) is { } job ? Results.Ok(JobView.Of(job)) : None(id);

    private static async Task<IResult> GetRecordsAsync(string id, long? after, int? limit, Caller caller, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        if (await FindAsync(id, caller, grains) is null)
        {
            return None(id);
        }

        var records = await grains.GetGrain<IJobGrain>(id).GetRecordsAsync(after ?? 0, count);
        return Results.Ok(new JobRecordPage(records, records.Count == count ? records[^1].Sequence : null));
    }

    private static async Task<IResult> CancelAsync(string id, Caller caller, Act act, IGrainFactory grains)
    {
        if (await FindAsync(id, caller, grains) is not { } before || await grains.GetGrain<IJobGrain>(id).CancelAsync(caller.ToString()) is not { } job)
        {
            return None(id);
        }

        act.Changed(new { state = before.Status, why = before.Why }, new { state = job.Status, why = job.Why });
        return Results.Ok(JobView.Of(job));
    }

    /// <param name="Tenant">Whose an import is, of the platform's token none when it is of all tenants; or which tenant is restored.</param>
    /// <param name="Grace">Seconds, of a sweep.</param>
    /// <param name="Address">Whose mailbox is restored.</param>
    /// <param name="Folder">Of a restored mailbox: below which folder; without it each message comes back into the folder of the name that it was in.</param>
    /// <param name="Backup">Which backup is read; without it the newest.</param>
    private sealed record NewJob(JobKind? Kind, string? Tenant, double? Grace, string? Address, string? Folder, string? Backup)
    {
        private const int LongestName = 100;

        /// <summary>As long as a folder's name may be.</summary>
        private const int LongestFolder = 1000;

        public EmailAddress? Parsed => EmailAddress.TryParse(Address ?? "", out var address) ? address : null;

        public string? Key => Parsed?.Key;

        /// <summary>Null when it says what its kind needs and no more.</summary>
        public string? WhyWrong(JobKind kind) =>
            Tenant is null && kind == JobKind.RestoreTenant ? "tenant is which tenant is restored"
            : Tenant is not null && (kind is not (JobKind.ImportAccounts or JobKind.RestoreTenant) || !TenantId.IsValid(Tenant))
                ? "tenant is whose accounts an import makes, or which tenant is restored; verify, sweep, backup and check-backup are of all tenants"
            : Grace is not null && (kind != JobKind.Sweep || Grace is < 0 or > 1e9) ? "grace is a number of seconds, of a sweep"
            : (kind == JobKind.RestoreMailbox) != (Address is not null) || (Address is not null && Parsed is null) ? "address is whose mailbox is restored: local@domain"
            : Folder is not null && (kind != JobKind.RestoreMailbox || Folder.Length is 0 or > LongestFolder) ? "folder is below which folder a mailbox is restored"
            : Backup is not null && (kind is not (JobKind.CheckBackup or JobKind.RestoreMailbox or JobKind.RestoreTenant) || Backup.Length is 0 or > LongestName)
                ? "backup is the name of the backup that is checked or restored from"
            : null;
    }

    private sealed record JobPage(IEnumerable<JobView> Jobs, string? Next);

    private sealed record JobRecordPage(IEnumerable<JobRecord> Records, long? Next);
}

/// <summary>A job as the API shows it.</summary>
/// <param name="Tenant">Null: the platform's.</param>
/// <param name="Subject">Which address or tenant is restored; null: it is about none.</param>
/// <param name="AwaitsInput">It begins when its input is PUT.</param>
internal sealed record JobView(
    string Id,
    JobKind Kind,
    string? Tenant,
    string? Subject,
    JobStatus State,
    bool AwaitsInput,
    JobProgress Progress,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    string By,
    string? Why)
{
    public static JobView Of(JobInfo job) => new(
        job.Id,
        job.Spec.Kind,
        job.Spec.Tenant?.Value,
        job.Spec.Subject,
        job.Status,
        job.AwaitsInput,
        new(job.Done, job.Total, job.Counts),
        JobIds.MadeAt(job.Id),
        job.StartedAt,
        job.EndedAt,
        job.Spec.By,
        job.Why);
}

/// <param name="Done">Lines, or journals, bodies and messages looked at.</param>
/// <param name="Total">Null when nobody knows.</param>
internal sealed record JobProgress(long Done, long? Total, IReadOnlyDictionary<string, long> Counts);
