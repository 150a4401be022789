namespace MailCloud.OutboundRelay.Content;

internal static class ContentHost
{
    /// <summary>Adds <see cref="OutboundContent"/>. It needs a blob store, a grain factory and grain calls.</summary>
    public static void AddOutboundContent(this IServiceCollection services)
    {
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<DkimSigner>();
        services.AddSingleton<OutboundContent>();
    }
}
