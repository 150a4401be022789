using MailCloud.Cluster;
using MailCloud.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;

namespace MailCloud.Oidc;

public static class OidcHost
{
    /// <summary>Adds <see cref="AccountTokens"/>, once, whichever services of a process ask for it. It needs a grain factory, which composition chooses.</summary>
    public static void AddOidc(this IHostApplicationBuilder builder)
    {
        builder.AddGrainCalls();
        builder.Services.AddMetrics();
        builder.Services.AddOptions<OidcOptions>().BindConfiguration("Oidc")
            .Validate(options => Networks.AreValid(options.AllowedNetworks), "Oidc:AllowedNetworks must be networks as address/bits, separated by commas").ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<OidcTelemetry>();
        builder.Services.TryAddSingleton<IDocumentRetriever>(services => new IssuerDocuments(Networks.Parse(services.GetRequiredService<IOptions<OidcOptions>>().Value.AllowedNetworks)));
        builder.Services.TryAddSingleton<KnownIssuers>();
        builder.Services.TryAddSingleton<TokenValidation>();
        builder.Services.TryAddSingleton(services => new AccountTokens(
            services.GetRequiredService<IGrainFactory>(),
            services.GetRequiredService<GrainCalls>(),
            services.GetRequiredService<KnownIssuers>(),
            services.GetRequiredService<TokenValidation>(),
            services.GetRequiredService<OidcTelemetry>(),
            services.GetRequiredService<ILogger<AccountTokens>>()));
    }
}
