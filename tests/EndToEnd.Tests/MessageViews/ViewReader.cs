using System.Text.Json;
using Microsoft.Playwright;

namespace MailCloud.EndToEnd.Tests.MessageViews;

/// <summary>What a page saw of a mail, as pages/probe.js tells it.</summary>
/// <param name="Changed">Of the page around it.</param>
/// <param name="Ran">Scripts, and what a policy had to refuse.</param>
internal sealed record Seen(string[] Changed, string[] Ran, SeenContent? Content);

/// <summary>Of the mail alone; addresses as the browser reads them.</summary>
internal sealed record SeenContent(string[] Forbidden, string[] Handlers, string[] Links, string[] Images, string[] Backgrounds)
{
    public static readonly SeenContent None = new([], [], [], [], []);
}

/// <summary>What came of opening a mail.</summary>
/// <param name="Faults">What a mail must not do, but for requests.</param>
internal sealed record Opened(SeenContent Content, List<string> Faults, List<SeenRequest> Requests);

/// <summary>Opens mails in a browser and says what they did that mail must not do.</summary>
internal sealed class ViewReader : IAsyncDisposable
{
    /// <summary>Of the frame in which a page shows mail.</summary>
    public const string Sandbox = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";

    private static readonly string[] Harmless = ["http:", "https:", "mailto:"];

    /// <summary>What the console may say: that a picture is not there or is none, and that a link to an address was followed by no hand.</summary>
    private static readonly string[] Explained = ["Failed to load resource", "Not allowed to launch 'mailto:"];

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly IBrowserContext context;
    private readonly IPage page;
    private readonly RecordingProxy proxy;
    private readonly List<string> said = [];

    private ViewReader(IBrowserContext context, IPage page, RecordingProxy proxy) => (this.context, this.page, this.proxy) = (context, page, proxy);

    public static async Task<ViewReader> OpenAsync(Browser browser, RecordingProxy proxy, string origin)
    {
        var context = await browser.NewContextAsync(origin);
        var reader = new ViewReader(context, await context.NewPageAsync(), proxy);
        reader.page.Dialog += (_, dialog) =>
        {
            reader.Say($"a dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        reader.page.Download += (_, download) => reader.Say($"a download: {download.Url}");
        reader.page.Console += (_, message) =>
        {
            if (!Explained.Any(beginning => message.Text.StartsWith(beginning, StringComparison.Ordinal)))
            {
                reader.Say($"{message.Type}: {message.Text}");
            }
        };
        return reader;
    }

    public ValueTask DisposeAsync() => context.DisposeAsync();

    /// <summary>By the form that the webmail will have: the browser keeps the cookie.</summary>
    public async Task SignInAsync(string address, string password)
    {
        await StartAsync("reader");
        var status = await page.EvaluateAsync<int>(
            "async ([address, password]) => (await fetch('/sign-in', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'MailCloud' }, "
                + "body: JSON.stringify({ address, password, cookie: true }) })).status",
            new[] { address, password });
        Assert.Equal(200, status);
    }

    /// <summary>In a frame, at an address of the server.</summary>
    /// <param name="sandbox">Of the frame; null: none.</param>
    public Task<Opened> OpenFrameAsync(string address, string? sandbox = Sandbox) => OpenAsync("reader", "([address, sandbox]) => openView(address, sandbox)", new[] { address, sandbox });

    /// <summary>In a page that has neither policy nor frame.</summary>
    public Task<Opened> OpenFragmentAsync(string html) => OpenAsync("bare", "html => openFragment(html)", html);

    /// <summary>Clicks each link of the mail that is open: it opens a page of its own that knows nothing of this one, and this one stays.</summary>
    public async Task<List<string>> FollowAsync(IReadOnlyList<string> links)
    {
        var faults = new List<string>();
        try
        {
            for (var i = 0; i < links.Count; i++)
            {
                faults.AddRange(await FollowAsync(links[i], i));
            }

            await page.EvaluateAsync("() => fetch('/test-pages/settled')");
            faults.AddRange(await page.EvaluateAsync<string[]>("() => ran"));
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            // No page has opened, or this one is another.
            faults.Add(e.Message);
        }

        return [.. faults, .. proxy.Take().Select(request => $"after the links: {request}"), .. TakeSaid()];
    }

    private async Task<List<string>> FollowAsync(string address, int number)
    {
        // What a browser cannot read as an address it does not follow either.
        if (!Uri.TryCreate(address, UriKind.Absolute, out var link) || link.Scheme is not ("http" or "https"))
        {
            await page.EvaluateAsync("number => follow(number)", number);
            return Harmless.Any(scheme => address.StartsWith(scheme, StringComparison.Ordinal)) ? [] : [$"a link to {address}"];
        }

        var opened = await context.RunAndWaitForPageAsync(() => page.EvaluateAsync("number => follow(number)", number));
        await opened.WaitForLoadStateAsync();
        var knows = await opened.EvaluateAsync<bool>("() => window.opener !== null");
        await opened.CloseAsync();
        return [.. knows ? [$"{link} knows who opened it"] : Array.Empty<string>(), .. proxy.Take().Where(request => request.Referer.Length > 0 || !IsOf(request, link)).Select(request => $"the link {link}: {request}")];
    }

    private static bool IsOf(SeenRequest request, Uri link) => request.Url == $"{link.Host}:{link.Port}" || request.Url.StartsWith($"http://{link.Authority}/", StringComparison.Ordinal);

    private async Task StartAsync(string name)
    {
        await page.GotoAsync($"{RecordingProxy.OwnPath}{name}");
        proxy.Take();
        TakeSaid();
    }

    private async Task<Opened> OpenAsync(string name, string call, object argument)
    {
        await StartAsync(name);
        Seen seen;
        try
        {
            seen = (await page.EvaluateAsync<JsonElement>(call, argument).WaitAsync(Limit)).Deserialize<Seen>(JsonSerializerOptions.Web)!;
        }
        catch (Exception e) when (e is PlaywrightException or TimeoutException)
        {
            // The page is not what it was, say.
            seen = new([e.Message], [], null);
        }

        var content = seen.Content ?? SeenContent.None;
        return new(content, [.. seen.Changed, .. seen.Ran, .. TakeSaid(), .. content.Forbidden.Select(f => $"has {f}"), .. content.Handlers.Select(h => $"has {h}")], proxy.Take());
    }

    private void Say(string what)
    {
        lock (said)
        {
            said.Add(what);
        }
    }

    private List<string> TakeSaid()
    {
        lock (said)
        {
            var taken = said.ToList();
            said.Clear();
            return taken;
        }
    }
}
