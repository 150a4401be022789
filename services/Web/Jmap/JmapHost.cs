using MailCloud.Hosting;
using MailCloud.Oidc;
using MailCloud.Submission;
using MailCloud.Web.Jmap.Access;
using MailCloud.Web.Jmap.Push;
using MailCloud.Web.Jmap.Requests;
using MailCloud.Web.Jmap.Submissions;
using MailCloud.Web.Jmap.Transfer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Jmap;

/// <summary>JMAP on the HTTP port: what it is made of, and under which paths.</summary>
internal static class JmapHost
{
    private const string Cors = "jmap";

    public static void AddJmap(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(provider => provider.GetRequiredService<IOptions<WebOptions>>().Value.Jmap);
        builder.Services.AddCheckedOptions<SendingOptions>("Sending", options => options.Errors());
        builder.Services.AddSingleton<SendingServices>();
        builder.Services.AddSingleton<JmapServices>();
        builder.Services.AddSingleton<BasicSignIns>();
        builder.AddOidc();
        builder.Services.AddSingleton<FailedTokens>();
        builder.Services.AddSingleton<IssuedTokens>();
        builder.Services.AddSingleton<RequestTurns>();
        builder.Services.AddSingleton<RequestRunner>();
        builder.AddPush();
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<JmapOptions>((cors, jmap) => cors.AddPolicy(Cors, policy => Allow(policy, jmap.AllowedOrigins)));
    }

    /// <summary>Who asks, before anything of a request's body is read.</summary>
    public static void UseJmapAccess(this WebApplication app)
    {
        app.UseWebSockets();
        app.UseCors();
        app.Use(JmapAccess.CheckAsync);
    }

    public static void MapJmap(this WebApplication app)
    {
        var jmap = app.MapGroup("").WithMetadata(NeedsJmapUser.Instance);
        if (app.Services.GetRequiredService<JmapOptions>().AllowedOrigins.Count > 0)
        {
            jmap.RequireCors(Cors);
        }

        SessionResource.Map(jmap);
        ApiResource.Map(jmap);
        EventSource.Map(jmap);
        SocketResource.Map(jmap);
        UploadResource.Map(jmap);
        DownloadResource.Map(jmap);
    }

    // Never with cookies: a page elsewhere has a token of its own, or asks for a password.
    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        policy.WithOrigins([.. origins]).WithMethods("GET", "HEAD", "POST").WithHeaders("Authorization", "Content-Type", "Last-Event-ID").SetPreflightMaxAge(TimeSpan.FromHours(1));
        policy.WithExposedHeaders("Retry-After", "WWW-Authenticate", "Content-Disposition");
    }
}
