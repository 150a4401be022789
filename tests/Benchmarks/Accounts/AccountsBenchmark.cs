using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Accounts;

/// <summary>
/// A domain of many accounts on one AllInOne: how fast they are imported, what memory that takes, and how long a page of 200 of their list takes. Pages are
/// cold when the process has just started: none of the addresses is in memory. Every walk must see every account once.
/// </summary>
internal sealed class AccountsBenchmark(AccountsOptions options)
{
    private const string Large = "large.test";
    private const string Small = "small.test";
    private const int PageSize = 200;

    /// <summary>As many as the operator's command sends in a request.</summary>
    private const int LinesAtOnce = 1_000;

    // Made with crypt(3) of libxcrypt.
    private const string Hash = "{SHA512-CRYPT}$6$Zx81kWqPeLsT0aBv$Spwf85iihQtztYqJVMa0uLE0PGS.fYiWoiRUBa1z.V9miaSkc74fWHsiCb6IMZGLjHoVl1CZ2V/wsRloljaK/1";

    private readonly Figures imports = new("import");
    private readonly Figures lists = new($"a page of {PageSize}");
    private readonly Random random = new(1);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        if (!options.IsFilled)
        {
            await ImportAsync(cancellationToken);
        }

        for (var start = 0; start < options.Starts; start++)
        {
            await ListAsync(cancellationToken);
        }

        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        imports.Print(Console.Out);
        lists.Print(Console.Out);
        return 0;
    }

    private async Task ImportAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        await using var server = await StartAsync(cancellationToken);
        using var admin = await AdminAsync(cancellationToken);
        await SendAsync(admin.PostAsJsonAsync("/admin/v1/tenants", new { id = "large" }, cancellationToken), cancellationToken);
        await ImportAsync(server, admin, Small, "in clear", options.Clear, user => string.Create(CultureInfo.InvariantCulture, $"not so common {user:D6}"), cancellationToken);
        await ImportAsync(server, admin, Large, "hashed", options.Hashed, _ => Hash, cancellationToken);
    }

    private async Task ImportAsync(MailCloudServer server, HttpClient admin, string domain, string column, int accounts, Func<int, string> passwordOf, CancellationToken cancellationToken)
    {
        await SendAsync(admin.PostAsJsonAsync("/admin/v1/tenants/large/domains", new { domain }, cancellationToken), cancellationToken);
        var before = server.Processes.Memory();
        server.Processes.ResetPeak();
        var (started, cpu, tenth) = (Stopwatch.GetTimestamp(), server.Processes.Usage().CpuSeconds, Stopwatch.GetTimestamp());
        foreach (var lines in Enumerable.Range(0, accounts).Chunk(LinesAtOnce))
        {
            using var content = new StringContent(string.Concat(lines.Select(user => $"{AddressOf(user, domain)},{passwordOf(user)}\n")), Encoding.UTF8, "text/csv");
            using var answer = await admin.PostAsync("/admin/v1/accounts/import", content, cancellationToken);
            var results = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken);
            if (results.Split("\"created\"").Length - 1 != lines.Length)
            {
                throw new InvalidOperationException($"not all lines made an account: {results}");
            }

            if ((lines[^1] + 1) % (accounts / 10) == 0)
            {
                var rate = accounts / 10 / Stopwatch.GetElapsedTime(tenth).TotalSeconds;
                Console.Error.WriteLine($"  {domain}: {lines[^1] + 1} accounts, the last tenth at {rate:F0} a second, {server.Processes.Memory() / 1e6:F0} MB");
                tenth = Stopwatch.GetTimestamp();
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        imports.Add(column, "accounts", accounts, "F0");
        imports.Add(column, "seconds", seconds, "F0");
        imports.Add(column, "accounts/s", accounts / seconds, "F0");
        imports.Add(column, "CPU, ms an account", (server.Processes.Usage().CpuSeconds - cpu) * 1000 / accounts, "F1");
        imports.Add(column, "memory before, MB", before / 1e6, "F0");
        imports.Add(column, "memory at most, MB", server.Processes.PeakMemory() / 1e6, "F0");
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(cancellationToken);
        using var admin = await AdminAsync(cancellationToken);

        // Of the small domain: code is compiled in it, and what the large one's first page takes beyond that is its index.
        lists.Add("first of the process", "p50, ms", await TimeAsync(admin, Small, "", ""), "F1");
        lists.Add("first of the domain", "p50, ms", await TimeAsync(admin, Large, "", ""), "F1");
        Add("cold", await WalkAsync(admin));
        Add("warm", await WalkAsync(admin));
        Add("warm, at random", await RepeatAsync(() => GetAsync(admin, Large, "", AddressOf(random.Next(options.Hashed), Large))));
        Add("warm, of a prefix", await RepeatAsync(() => GetAsync(admin, Large, $"user{random.Next(options.Hashed):D6}"[..(4 + random.Next(1, 7))], "")));
        imports.Add("lists", "memory at most, MB", server.Processes.PeakMemory() / 1e6, "F0");
    }

    private void Add(string column, Latencies pages)
    {
        var (p50, p99) = Latencies.Of([pages]);
        lists.Add(column, "p50, ms", p50, "F1");
        lists.Add(column, "p99, ms", p99, "F1");
        lists.Add(column, "longest, ms", pages.Longest, "F1");
    }

    private async Task<Latencies> WalkAsync(HttpClient admin)
    {
        var (taken, seen) = (new Latencies(), new HashSet<string>());
        for (string? after = ""; after is not null;)
        {
            var started = Stopwatch.GetTimestamp();
            var (addresses, next) = await GetAsync(admin, Large, "", after);
            taken.Add(started);
            if (!addresses.TrueForAll(seen.Add))
            {
                throw new InvalidOperationException($"an address is twice in the list, after {after}");
            }

            after = next;
        }

        // The postmaster too.
        return seen.Count == options.Hashed + 1 ? taken : throw new InvalidOperationException($"{seen.Count} addresses were listed, and not {options.Hashed + 1}");
    }

    private async Task<Latencies> RepeatAsync(Func<Task> get)
    {
        var taken = new Latencies();
        for (var page = 0; page < options.Pages; page++)
        {
            var started = Stopwatch.GetTimestamp();
            await get();
            taken.Add(started);
        }

        return taken;
    }

    private static async Task<double> TimeAsync(HttpClient admin, string domain, string prefix, string after)
    {
        var started = Stopwatch.GetTimestamp();
        await GetAsync(admin, domain, prefix, after);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static async Task<(List<string> Addresses, string? Next)> GetAsync(HttpClient admin, string domain, string prefix, string after)
    {
        var answer = await admin.GetFromJsonAsync<JsonElement>($"/admin/v1/accounts?domain={domain}&prefix={Uri.EscapeDataString(prefix)}&after={Uri.EscapeDataString(after)}");
        return ([.. answer.GetProperty("accounts").EnumerateArray().Select(account => account.GetProperty("address").GetString()!)], answer.GetProperty("next").GetString());
    }

    private static string AddressOf(int user, string domain) => string.Create(CultureInfo.InvariantCulture, $"user{user:D6}@{domain}");

    private Task<MailCloudServer> StartAsync(CancellationToken cancellationToken) => MailCloudServer.StartAsync(options.Data, mailboxes: 0, cancellationToken, options.PortOffset);

    private Task<HttpClient> AdminAsync(CancellationToken cancellationToken) => MailCloudServer.AdminAsync(options.Data, cancellationToken, options.PortOffset);

    private static async Task SendAsync(Task<HttpResponseMessage> request, CancellationToken cancellationToken)
    {
        using var answer = await request;
        await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken);
    }
}
