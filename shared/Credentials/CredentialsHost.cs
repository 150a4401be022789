using System.Security.Cryptography;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MailCloud.Credentials;

public static class CredentialsHost
{
    /// <summary>
    /// Adds <see cref="VerifiedPasswords"/>, <see cref="PasswordCheck"/> and <see cref="SaslMechanisms"/> as singletons, with one defence against guessing for all of them;
    /// several services of one process may call it. The settings are those of section <c>Credentials</c>.
    /// </summary>
    public static IServiceCollection AddCredentials(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<VerifiedPasswords>();
        services.TryAddSingleton<CredentialsTelemetry>();
        services.TryAddSingleton(provider => new GuessLimits(CredentialsOptions.Networks(OptionsOf(configuration).UnlimitedNetworks), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(_ => new DerivationQueue(DerivationQueue.AtOnce, DerivationQueue.Room));
        services.TryAddSingleton<LoginGuard>();
        services.TryAddSingleton(provider => new PasswordCheck(
            provider.GetRequiredService<VerifiedPasswords>(), provider.GetRequiredService<LoginGuard>(), provider.GetRequiredService<CredentialsTelemetry>()));
        services.TryAddSingleton(provider => new SaslMechanisms(
            provider.GetRequiredService<PasswordCheck>(), provider.GetRequiredService<LoginGuard>(), provider.GetRequiredService<CredentialsTelemetry>(), Secret(OptionsOf(configuration).Secret)));
        return services;
    }

    private static CredentialsOptions OptionsOf(IConfiguration configuration) => configuration.GetSection("Credentials").Get<CredentialsOptions>() ?? new();

    private static byte[] Secret(string base64)
    {
        if (base64.Length == 0)
        {
            return RandomNumberGenerator.GetBytes(32);
        }

        var secret = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, secret, out var length) && length >= 16
            ? secret[..length]
            : throw new InvalidOperationException("Credentials:Secret must be base64 of at least 16 octets");
    }
}
