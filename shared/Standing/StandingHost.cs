using MailCloud.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Standing;

public static class StandingHost
{
    internal const string MeterName = "MailCloud.Standing";

    /// <summary>Adds <see cref="Standings"/> and <see cref="LoginHistory"/>, once, whichever services of a process ask for it. It needs a grain factory, which composition chooses.</summary>
    public static void AddStanding(this IHostApplicationBuilder builder)
    {
        builder.AddGrainCalls();
        builder.Services.TryAddSingleton<AccountSessions>();
        builder.Services.TryAddSingleton<Standings>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StandingWatch>());
        builder.Services.AddMetrics();
        builder.Services.TryAddSingleton<LoginHistory>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LoginTelling>());
    }
}
