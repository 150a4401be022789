using MailCloud.Hosting;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Adds the <see cref="SmtpConnector"/> with its options; part of <see cref="OutboundRelayHost.AddOutboundRelay"/>.</summary>
internal static class SmtpClientHost
{
    public static void AddSmtpClient(this IServiceCollection services)
    {
        services.AddCheckedOptions<SmtpClientOptions>("Relay", options => options.Errors());
        services.AddSingleton<SmtpConnector>();
    }
}
