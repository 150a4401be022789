using System.Net;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxAccess.Imap.Terminals;
using MailCloud.MailboxAccess.Pop3;
using MailCloud.Oidc;
using MailCloud.Standing;
using MailCloud.Watching;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MailCloud.MailboxAccess;

public static class MailboxAccessHost
{
    /// <summary>
    /// Adds the IMAP listeners of section <c>Imap</c> and the POP3 listeners of section <c>Pop3</c> to the host's Kestrel. The host brings an <see cref="IGrainFactory"/> and
    /// <see cref="Blobs.IMessageBlobs"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">An endpoint is not <c>address:port</c>.</exception>
    public static WebApplicationBuilder AddMailboxAccess(this WebApplicationBuilder builder)
    {
        builder.Services.AddTls(builder.Configuration);
        builder.Services.AddBoundedInput();
        builder.Services.AddCredentials(builder.Configuration);
        builder.AddGrainCalls();
        builder.AddStanding();
        builder.AddWatching();
        builder.AddOidc();
        AddImap(builder);
        AddPop3(builder);
        return builder;
    }

    private static void AddImap(WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Imap");
        builder.Services.AddOptions<ImapOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ImapTelemetry>();
        builder.Services.AddSingleton<ImapConnectionHandler>();
        builder.Services.AddSingleton<LiveSessions>();
        builder.Services.AddHostedService<TerminalRegistration>();
        var options = section.Get<ImapOptions>() ?? new();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen<ImapConnectionHandler>(kestrel, "Imap:Plain", options.Plain, implicitTls: false);
            Listen<ImapConnectionHandler>(kestrel, "Imap:Tls", options.Tls, implicitTls: true);
        });
    }

    private static void AddPop3(WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Pop3");
        builder.Services.AddOptions<Pop3Options>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Pop3Telemetry>();
        builder.Services.AddSingleton<Pop3ConnectionHandler>();
        var options = section.Get<Pop3Options>() ?? new();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listen<Pop3ConnectionHandler>(kestrel, "Pop3:Plain", options.Plain, implicitTls: false);
            Listen<Pop3ConnectionHandler>(kestrel, "Pop3:Tls", options.Tls, implicitTls: true);
        });
    }

    private static void Listen<T>(KestrelServerOptions kestrel, string setting, string endpoint, bool implicitTls)
        where T : SessionHandler
    {
        if (endpoint.Length == 0)
        {
            return;
        }

        var address = IPEndPoint.TryParse(endpoint, out var parsed) ? parsed : throw new InvalidOperationException($"{setting} is no address:port");
        kestrel.Listen(address, listen =>
        {
            var handler = listen.ApplicationServices.GetRequiredService<T>();
            listen.UseBoundedEnd().Run(connection => handler.ServeAsync(connection, implicitTls));
        });
    }
}
