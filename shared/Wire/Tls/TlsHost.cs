using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Wire.Tls;

public static class TlsHost
{
    /// <summary>Adds the <see cref="CertificateStore"/> of section <c>Tls</c>; a second call changes nothing.</summary>
    public static IServiceCollection AddTls(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<TlsOptions>().Bind(configuration.GetSection("Tls"));
        services.TryAddSingleton<CertificateStore>();
        services.AddMetrics();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CertificateTelemetry>());
        return services;
    }
}
