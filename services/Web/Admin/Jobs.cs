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
        var jobs = admin.MapGroup("/jobs").Requires(AdminPermission.ManageAddresses | AdminPermission.Operate, Reach.Caller);
        jobs.MapPost("", BeginAsync).AnswersAccepted<JobView>("beginJob", "Begins long work: verify, sweep or import-accounts");
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

    private static AdminPermission PermissionFor(JobKind kind) => kind == JobKind.ImportAccounts ? AdminPermission.ManageAddresses : AdminPermission.Operate;

    private static async Task<IResult> BeginAsync(NewJob body, Caller caller, Act act, IGrainFactory grains)
    {
        if (body.Kind is not { } kind || !Enum.IsDefined(kind))
        {
            return Problem.BadRequest("kind is one of verify, sweep and import-accounts");
        }

        if (!caller.May(PermissionFor(kind)))
        {
            return Problem.Forbidden("this token may not begin a job of this kind");
        }

        if (body.Tenant is not null && (kind != JobKind.ImportAccounts || !TenantId.IsValid(body.Tenant)))
        {
            return Problem.BadRequest("tenant is whose accounts an import makes; verify and sweep are of all tenants");
        }

        if (body.Grace is not null && (kind != JobKind.Sweep || body.Grace is < 0 or > 1e9))
        {
            return Problem.BadRequest("grace is a number of seconds, of a sweep");
        }

        var tenant = body.Tenant is { } named ? new TenantId(named) : caller.Tenant;
        if (tenant is { } id && (!caller.Reaches(tenant) || await grains.GetGrain<ITenantGrain>(id.Value).GetAsync() is null))
        {
            return Problem.NoTenant(id.Value);
        }

        var grace = body.Grace is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var spec = new JobSpec { Kind = kind, Tenant = tenant, By = caller.ToString(), Grace = grace };
        if (await grains.GetGrain<IJobListGrain>(JobLists.KeyOf(tenant)).BeginAsync(spec) is not { } job)
        {
            return Problem.Conflict($"{JobQueues.MostOfOne} jobs of this kind have not ended, or {JobQueues.MostOpen} of all tenants: wait for one, or cancel it");
        }

        var view = JobView.Of(job);
        act.Changed(null, new { view.Id, view.Kind, view.Tenant, body.Grace });
        return Results.Accepted($"{AdminAccess.Path}/jobs/{job.Id}", view);
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

    /// <param name="Tenant">Whose an import is; of the platform's token none when it is of all tenants.</param>
    /// <param name="Grace">Seconds, of a sweep.</param>
    private sealed record NewJob(JobKind? Kind, string? Tenant, double? Grace);

    private sealed record JobPage(IEnumerable<JobView> Jobs, string? Next);

    private sealed record JobRecordPage(IEnumerable<JobRecord> Records, long? Next);
}

/// <summary>A job as the API shows it.</summary>
/// <param name="Tenant">Null: the platform's.</param>
/// <param name="AwaitsInput">It begins when its input is PUT.</param>
internal sealed record JobView(
    string Id,
    JobKind Kind,
    string? Tenant,
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
        job.Status,
        job.AwaitsInput,
        new(job.Done, job.Total, job.Counts),
        JobIds.MadeAt(job.Id),
        job.StartedAt,
        job.EndedAt,
        job.Spec.By,
        job.Why);
}

/// <param name="Done">Lines, or journals and bodies.</param>
/// <param name="Total">Null when nobody knows.</param>
internal sealed record JobProgress(long Done, long? Total, IReadOnlyDictionary<string, long> Counts);
