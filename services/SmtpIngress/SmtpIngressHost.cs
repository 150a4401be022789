using System.Net;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Hosting;
using MailCloud.Oidc;
using MailCloud.Standing;
using MailCloud.Submission;
using MailCloud.Tracing;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace MailCloud.SmtpIngress;

public static class SmtpIngressHost
{
    /// <summary>
    /// Opens the MX and submission listeners of section <c>Smtp</c>; section <c>Sending</c> caps what accounts send. IMessageBlobs, IMailQueue and IGrainFactory come from the composition; TLS and credentials are added here.
    /// </summary>
    public static WebApplicationBuilder AddSmtpIngress(this WebApplicationBuilder builder)
    {
        builder.Services.AddTls(builder.Configuration);
        builder.Services.AddBoundedInput();
        builder.Services.AddCredentials(builder.Configuration);
        builder.AddGrainCalls();
        builder.AddStanding();
        builder.AddOidc();
        builder.AddTracing();
        builder.Services.AddCheckedOptions<SmtpOptions>("Smtp", options => options.Errors());
        builder.Services.AddCheckedOptions<SendingOptions>("Sending", options => options.Errors());
        builder.Services.AddSingleton<SmtpServices>();
        builder.Services.AddSingleton<SmtpConnectionHandler>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<SmtpOptions>>().Value;
            Listen(kestrel, options.Mx, Listener.Mx);
            Listen(kestrel, options.Submission, Listener.Submission);
            Listen(kestrel, options.Submissions, Listener.Submissions);
        });
        return builder;
    }

    private static void Listen(KestrelServerOptions kestrel, string endPoint, Listener listener)
    {
        if (endPoint.Length == 0)
        {
            return;
        }

        var handler = kestrel.ApplicationServices.GetRequiredService<SmtpConnectionHandler>();
        kestrel.Listen(IPEndPoint.Parse(endPoint), listen => listen.UseBoundedEnd().Run(connection => handler.RunAsync(connection, listener)));
    }
}
