using MailCloud.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MailCloud.Hosting.Tests;

public sealed class CheckedOptionsTests
{
    [Fact]
    public async Task A_host_does_not_start_and_says_all_that_is_wrong()
    {
        using var host = Host(low: 0, high: 200);
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal(["Low is too low", "High is too high"], refused.Failures);
    }

    [Fact]
    public async Task Sound_options_are_those_of_their_section()
    {
        using var host = Host(low: 2, high: 7);
        await host.StartAsync();
        Assert.Equal(new Limits { Low = 2, High = 7 }, host.Services.GetRequiredService<IOptions<Limits>>().Value);
        await host.StopAsync();
    }

    private static IHost Host(int low, int high)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Limits:Low", $"{low}"), new("Limits:High", $"{high}")]);
        builder.Services.AddCheckedOptions<Limits>("Limits", Errors);
        return builder.Build();
    }

    private static IEnumerable<string> Errors(Limits limits)
    {
        if (limits.Low < 1)
        {
            yield return "Low is too low";
        }

        if (limits.High > 100)
        {
            yield return "High is too high";
        }
    }

    private sealed record Limits
    {
        public int Low { get; init; }

        public int High { get; init; }
    }
}
