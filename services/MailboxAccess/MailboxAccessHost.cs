using System.Net;
using MailCloud.Credentials;
using MailCloud.MailboxAccess.Imap;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MailCloud.MailboxAccess;

public static class MailboxAccessHost
{
    /// <summary>
    /// Adds the IMAP listeners of section <c>Imap</c> to the host's Kestrel. The host brings an <see cref="IGrainFactory"/> and
    /// <see cref="Blobs.IMessageBlobs"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">An endpoint is not <c>address:port</c>.</exception>
    public static WebApplicationBuilder AddMailboxAccess(this WebApplicationBuilder builder)
    {
        builder.Services.AddTls(builder.Configuration);
        builder.Services.AddCredentials(builder.Configuration);
        builder.Services.AddOptions<ImapOptions>().Bind(builder.Configuration.GetSection("Imap")).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ImapTelemetry>();
        builder.Services.AddSingleton<ImapConnectionHandler>();
        var options = builder.Configuration.GetSection("Imap").Get<ImapOptions>() ?? new();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen(kestrel, nameof(ImapOptions.Plain), options.Plain, implicitTls: false);
            Listen(kestrel, nameof(ImapOptions.Tls), options.Tls, implicitTls: true);
        });
        return builder;
    }

    private static void Listen(KestrelServerOptions kestrel, string setting, string endpoint, bool implicitTls)
    {
        if (endpoint.Length == 0)
        {
            return;
        }

        var address = IPEndPoint.TryParse(endpoint, out var parsed) ? parsed : throw new InvalidOperationException($"Imap:{setting} is no address:port");
        kestrel.Listen(address, listen =>
        {
            var handler = listen.ApplicationServices.GetRequiredService<ImapConnectionHandler>();
            listen.Run(connection => handler.ServeAsync(connection, implicitTls));
        });
    }
}
