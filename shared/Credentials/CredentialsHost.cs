using System.Security.Cryptography;
using MailCloud.Credentials.Sasl;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace MailCloud.Credentials;

public static class CredentialsHost
{
    /// <summary>
    /// Adds <see cref="VerifiedPasswords"/>, <see cref="PasswordCheck"/> and <see cref="SaslMechanisms"/> as singletons; several services of one process may call it.
    /// Section <c>Credentials</c>: <c>Secret</c>, base64 of at least 16 octets and the same in every process (see <see cref="SaslMechanisms"/>); without it one is made up for this run.
    /// </summary>
    public static IServiceCollection AddCredentials(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<VerifiedPasswords>();
        services.TryAddSingleton<PasswordCheck>();
        services.TryAddSingleton(provider => new SaslMechanisms(provider.GetRequiredService<PasswordCheck>(), Secret(configuration["Credentials:Secret"])));
        return services;
    }

    private static byte[] Secret(string? base64)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return RandomNumberGenerator.GetBytes(32);
        }

        var secret = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, secret, out var length) && length >= 16
            ? secret[..length]
            : throw new InvalidOperationException("Credentials:Secret must be base64 of at least 16 octets");
    }
}
