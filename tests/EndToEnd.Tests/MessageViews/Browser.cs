using Microsoft.Playwright;

namespace MailCloud.EndToEnd.Tests.MessageViews;

/// <summary>Debian's Chromium without a window, which reaches nobody but a proxy.</summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>Where Debian has it.</summary>
    private const string Program = "/usr/bin/chromium";

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    public static async Task<Browser> StartAsync(string proxy)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Args =
            [
                // Tests run as root, whom Chromium's sandbox does not take. Loopback goes by the proxy too, and no name is looked up past it.
                "--no-sandbox", $"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--disable-gpu", "--disable-component-update", "--disable-background-networking", "--disable-sync",
            ],
        });
        return new(playwright, browser);
    }

    /// <summary>A profile of its own.</summary>
    public Task<IBrowserContext> NewContextAsync(string origin) => browser.NewContextAsync(new() { BaseURL = origin, ServiceWorkers = ServiceWorkerPolicy.Block });

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
