using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization;

namespace MailCloud.Queue.RabbitMq;

public static class RabbitMqHost
{
    /// <summary>The delivery queue on the brokers of section <c>RabbitMq</c>, and its health check <c>queue</c>. It connects when it is first used.</summary>
    public static IServiceCollection AddRabbitMqQueue(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddLogging();
        services.AddSerializer();
        services.AddSingleton(RabbitMqOptions.From(configuration));
        services.AddSingleton<RabbitMqTelemetry>();
        services.AddSingleton<RabbitMqQueue>();
        services.AddSingleton<IMailQueue>(provider => provider.GetRequiredService<RabbitMqQueue>());
        services.AddHealthChecks().AddCheck<RabbitMqHealth>("queue");
        return services;
    }
}
