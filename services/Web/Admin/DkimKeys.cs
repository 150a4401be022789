using System.Globalization;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET</c> and <c>POST /admin/v1/domains/{domain}/dkim</c>, <c>POST /admin/v1/domains/{domain}/dkim/{selector}/activate</c> and <c>…/retire</c>: the keys that sign a domain's mail, and the
/// records that are
/// to stand in its DNS. Never a private key.
/// </summary>
internal static class DkimKeys
{
    /// <summary>Selectors tried for one day before somebody must choose one.</summary>
    private const int MaxSelectorsOfADay = 20;

    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/domains/{domain}/dkim", GetAsync)
            .Requires(AdminPermission.ReadDirectory, Reach.Domain).Answers<DkimView>("listDkimKeys", "The keys that sign a domain's mail, and their records");
        admin.MapPost("/domains/{domain}/dkim", AddAsync).Requires(AdminPermission.ManageDomains, Reach.Domain).Answers<DkimView>("addDkimKeys", "Makes a key, or without an algorithm one of each");
        admin.MapPost("/domains/{domain}/dkim/{selector}/activate", (string domain, string selector, Act act, IGrainFactory grains) =>
            ChangeAsync(domain, selector, act, grains, grain => grain.ActivateAsync(selector)))
                .Requires(AdminPermission.ManageDomains, Reach.Domain).Answers<DkimView>("activateDkimKey", "The key signs now");
        admin.MapPost("/domains/{domain}/dkim/{selector}/retire", (string domain, string selector, Act act, IGrainFactory grains) =>
            ChangeAsync(domain, selector, act, grains, grain => grain.RetireAsync(selector)))
                .Requires(AdminPermission.ManageDomains, Reach.Domain).Answers<DkimView>("retireDkimKey", "The key signs no more");
    }

    private static async Task<IResult> GetAsync(string domain, IGrainFactory grains) =>
        await FindAsync(domain, grains) is { } found ? await ListAsync(found) : Problem.NotHosted(domain);

    private static async Task<IResult> AddAsync(string domain, NewKeys body, Act act, IGrainFactory grains, TimeProvider time)
    {
        if (await FindAsync(domain, grains) is not { } found)
        {
            return Problem.NotHosted(domain);
        }

        var algorithm = default(DkimAlgorithm);
        if (body.Algorithm is not null && !(Enum.TryParse(body.Algorithm, ignoreCase: true, out algorithm) && Enum.IsDefined(algorithm) && !char.IsAsciiDigit(body.Algorithm[0])))
        {
            return Problem.BadRequest("algorithm is rsa or ed25519; without it a key of each is made");
        }

        if (body.Selector is not null && (body.Algorithm is null || !DkimSelector.IsValid(body.Selector)))
        {
            return Problem.BadRequest("selector is one label of a-z, 0-9 and -, and names one key: say its algorithm too");
        }

        var made = new List<string>();
        foreach (var each in body.Algorithm is null ? [DkimAlgorithm.Rsa, DkimAlgorithm.Ed25519] : new[] { algorithm })
        {
            var selector = body.Selector ?? FreeSelector(each, await found.Grain.GetAsync(), time);
            var answer = await found.Grain.AddAsync(each, selector);
            if (answer.Outcome != DkimKeyOutcome.Done)
            {
                return WhyNot(answer.Outcome, found.Name, selector);
            }

            made.Add(selector);
            act.Changed(null, new { selectors = made });
        }

        return await ListAsync(found);
    }

    private static async Task<IResult> ChangeAsync(string domain, string selector, Act act, IGrainFactory grains, Func<IDkimGrain, Task<DkimKeyAnswer>> change)
    {
        if (await FindAsync(domain, grains) is not { } found)
        {
            return Problem.NotHosted(domain);
        }

        var before = await StatesAsync(found.Grain);
        var answer = await change(found.Grain);
        if (answer.Outcome != DkimKeyOutcome.Done)
        {
            return WhyNot(answer.Outcome, found.Name, selector);
        }

        act.Changed(before, await StatesAsync(found.Grain));
        return await ListAsync(found);
    }

    // Of all of them: a key that signs takes another's place.
    private static async Task<Dictionary<string, DkimKeyState>> StatesAsync(IDkimGrain grain) => (await grain.GetAsync()).ToDictionary(key => key.Selector, key => key.State);

    private static async Task<HostedDomain?> FindAsync(string domain, IGrainFactory grains) =>
        EmailAddress.TryParse($"postmaster@{domain}", out var postmaster) && await grains.GetGrain<IDomainGrain>(postmaster.AsciiDomain).GetTenantAsync() is not null
            ? new(postmaster.AsciiDomain, grains.GetGrain<IDkimGrain>(postmaster.AsciiDomain))
            : null;

    private static async Task<IResult> ListAsync(HostedDomain domain) => Results.Ok(new DkimView(domain.Name, (await domain.Grain.GetAsync()).Select(key => View(domain.Name, key))));

    private static DkimKeyView View(string domain, DkimKey key) =>
        new(key.Selector, key.Algorithm, key.State, key.CreatedAt, key.SignsFrom, key.ListedUntil, $"{key.Selector}._domainkey.{domain}", key.RecordText);

    // rsa-20261127, and with -2 and so on where the day has one already.
    private static string FreeSelector(DkimAlgorithm algorithm, IReadOnlyList<DkimKey> keys, TimeProvider time)
    {
        var first = $"{algorithm.ToString().ToLowerInvariant()}-{time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";
        return Enumerable.Range(1, MaxSelectorsOfADay).Select(i => i == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}-{i}"))
            .FirstOrDefault(name => keys.All(key => key.Selector != name), first);
    }

    private static IResult WhyNot(DkimKeyOutcome outcome, string domain, string selector) => outcome switch
    {
        DkimKeyOutcome.NotHosted => Problem.NotHosted(domain),
        DkimKeyOutcome.NoSuchKey => Problem.NotFound($"{domain} has no key {selector}"),
        DkimKeyOutcome.SelectorTaken => Problem.Conflict($"{domain} has another key {selector}, or had one within the last week: choose another selector"),
        DkimKeyOutcome.Retired => Problem.Conflict($"{selector} is retired, or a newer key signs in its place: make a new one"),
        _ => Problem.Conflict($"{domain} has as many keys as it may: wait until retired ones have left the list, a week after they were retired"),
    };

    private sealed record DkimView(string Domain, IEnumerable<DkimKeyView> Keys);

    private sealed record DkimKeyView(
        string Selector, DkimAlgorithm Algorithm, DkimKeyState State, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset? ListedUntil, string RecordName, string RecordText);

    private sealed record NewKeys(string? Algorithm, string? Selector);

    private sealed record HostedDomain(string Name, IDkimGrain Grain);
}
