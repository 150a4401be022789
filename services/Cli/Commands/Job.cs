using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary><c>job list|show|watch|cancel</c>: long work that the server does on its own, whoever began it and however long ago.</summary>
internal static class Job
{
    public static readonly Option<bool> Detach = new("--detach") { Description = "Begin it as a job, print the job, and do not wait for it: see job watch." };

    private const string Path = "/admin/v1/jobs";

    private static readonly TimeSpan watchedEvery = TimeSpan.FromSeconds(1);

    private static readonly Argument<string> id = new("ID") { Description = "The job's id, as job list shows it." };

    public static Command Build(Func<ParseResult, AdminClient> connect) =>
        new("job", "Long work that goes on by itself.") { BuildList(connect), BuildShow(connect), BuildWatch(connect), BuildCancel(connect) };

    /// <summary>Begins a job and prints it.</summary>
    /// <param name="input">What it works on; null: it takes nothing.</param>
    public static async Task<int> BeginAsync(AdminClient client, Output output, object spec, HttpContent? input, CancellationToken cancellationToken)
    {
        var job = await PostAsync(client, spec, cancellationToken);
        if (input is not null)
        {
            job = await client.PutAsync($"{PathOf(job)}/input", input, cancellationToken);
        }

        output.Say(job, $"job {Output.Member(job, "id")} has begun: mailcloud job watch {Output.Member(job, "id")} shows how far it is");
        return 0;
    }

    /// <summary>Begins a job and waits for its end, or not, as <see cref="Detach"/> says. Who stops waiting does not stop it.</summary>
    public static async Task<int> RunAsync(AdminClient client, ParseResult parsed, object spec, CancellationToken cancellationToken) => parsed.GetValue(Detach)
        ? await BeginAsync(client, Output.Of(parsed), spec, null, cancellationToken)
        : await WatchAsync(client, Output.Of(parsed), PathOf(await PostAsync(client, spec, cancellationToken)), cancellationToken);

    private static Command BuildList(Func<ParseResult, AdminClient> connect)
    {
        var tenant = new Option<string>("--tenant") { Description = "Only this tenant's jobs." };
        var most = new Option<int>("--most") { Description = "At most so many.", DefaultValueFactory = _ => 200 };
        var command = new Command("list", "List jobs, the newest first.") { tenant, most };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var filter = parsed.GetValue(tenant) is { } whose ? $"&tenant={Uri.EscapeDataString(whose)}" : "";
            var left = parsed.GetValue(most);
            using var listing = Output.Of(parsed).Begin("id", "kind", "tenant", "state", "done", "created", "ended", "by");
            for (string? after = ""; after is not null && left > 0;)
            {
                var page = await client.GetAsync($"{Path}?limit={Math.Min(left, 200)}{filter}{(after.Length == 0 ? "" : $"&after={after}")}", cancellationToken);
                foreach (var job in page.GetProperty("jobs").EnumerateArray())
                {
                    left--;
                    string?[] cells = [Member("id"), Member("kind"), Member("tenant"), Member("state"), DoneOf(job), Member("createdAt"), Member("endedAt"), Member("by")];
                    listing.Add(job, cells);
                    string? Member(string name) => Output.Member(job, name);
                }

                after = page.GetProperty("next").GetString();
            }

            return 0;
        });
        return command;
    }

    private static Command BuildShow(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("show", "Show a job: how far it is, or how it ended.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            Show(Output.Of(parsed), await client.GetAsync(PathOf(parsed), cancellationToken));
            return 0;
        });
        return command;
    }

    private static Command BuildWatch(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("watch", "Wait for the end of a job, and print what it finds.") { id };
        command.SetAdminAction(connect, (client, parsed, cancellationToken) => WatchAsync(client, Output.Of(parsed), PathOf(parsed), cancellationToken));
        return command;
    }

    private static Command BuildCancel(Func<ParseResult, AdminClient> connect)
    {
        var command = new Command("cancel", "Have a job end as soon as it may. What it has done stays.") { id };
        command.SetAdminAction(connect, async (client, parsed, cancellationToken) =>
        {
            var job = await client.PostForOneAsync($"{PathOf(parsed)}/cancel", cancellationToken);
            Output.Of(parsed).Say(job, $"job {Output.Member(job, "id")} is {Output.Member(job, "state")}: {Output.Member(job, "why")}");
            return 0;
        });
        return command;
    }

    private static string PathOf(ParseResult parsed) => $"{Path}/{Uri.EscapeDataString(parsed.GetValue(id)!)}";

    private static string PathOf(JsonElement job) => $"{Path}/{Output.Member(job, "id")}";

    private static async Task<JsonElement> PostAsync(AdminClient client, object spec, CancellationToken cancellationToken)
    {
        using var body = new StringContent(JsonSerializer.Serialize(spec, JsonSerializerOptions.Web), Encoding.UTF8, "application/json");
        return await client.PostForOneAsync(Path, body, cancellationToken);
    }

    private static async Task<int> WatchAsync(AdminClient client, Output output, string path, CancellationToken cancellationToken)
    {
        var job = await output.WatchAsync("", bar => FollowAsync(client, path, output, bar, cancellationToken));
        if (!output.IsJson)
        {
            await PrintRecordsAsync(client, path, output, 0, cancellationToken);
        }

        Show(output, job);
        return IsGood(job) ? 0 : 1;
    }

    // On a terminal a bar moves, and what was found is printed behind it; else it is printed as it is found.
    private static async Task<JsonElement> FollowAsync(AdminClient client, string path, Output output, Action<string, double, double?> bar, CancellationToken cancellationToken)
    {
        var last = 0L;
        while (true)
        {
            var job = await client.GetAsync(path, cancellationToken);
            var progress = job.GetProperty("progress");
            bar(
                $"{Output.Member(job, "kind")} {Output.Member(job, "state")} {CountsOf(job)}",
                progress.GetProperty("done").GetDouble(),
                progress.GetProperty("total") is { ValueKind: JsonValueKind.Number } total ? total.GetDouble() : null);
            if (output.IsJson)
            {
                last = await PrintRecordsAsync(client, path, output, last, cancellationToken);
            }

            if (job.GetProperty("endedAt").ValueKind != JsonValueKind.Null)
            {
                return job;
            }

            await Task.Delay(watchedEvery, cancellationToken);
        }
    }

    private static async Task<long> PrintRecordsAsync(AdminClient client, string path, Output output, long after, CancellationToken cancellationToken)
    {
        using var listing = output.Begin("kind", "subject", "line", "text");
        for (long? next = after; next is { } from;)
        {
            var page = await client.GetAsync($"{path}/records?after={from.ToString(CultureInfo.InvariantCulture)}", cancellationToken);
            foreach (var record in page.GetProperty("records").EnumerateArray())
            {
                listing.AddMembers(record, "kind", "subject", "line", "text");
                after = record.GetProperty("sequence").GetInt64();
            }

            next = page.GetProperty("next") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;
        }

        return after;
    }

    private static void Show(Output output, JsonElement job) => output.Write(
        job,
        ("id", Output.Member(job, "id")),
        ("kind", Output.Member(job, "kind")),
        ("tenant", Output.Member(job, "tenant")),
        ("subject", Output.Member(job, "subject")),
        ("state", Output.Member(job, "state")),
        ("done", DoneOf(job)),
        ("counts", CountsOf(job)),
        ("created", Output.Member(job, "createdAt")),
        ("started", Output.Member(job, "startedAt")),
        ("ended", Output.Member(job, "endedAt")),
        ("by", Output.Member(job, "by")),
        ("why", Output.Member(job, "why")));

    private static string DoneOf(JsonElement job)
    {
        var progress = job.GetProperty("progress");
        return Output.Member(progress, "total") is { } total ? $"{Output.Member(progress, "done")} of {total}" : Output.Member(progress, "done")!;
    }

    private static string CountsOf(JsonElement job) => string.Join(", ", job.GetProperty("progress").GetProperty("counts").EnumerateObject().Select(count => $"{count.Value} {count.Name}"));

    private static bool IsGood(JsonElement job) =>
        Output.Member(job, "state") == "done"
        && !job.GetProperty("progress").GetProperty("counts").EnumerateObject().Any(count => count.Name is "failed" or "problems" && count.Value.GetInt64() > 0);
}
