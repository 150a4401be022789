using MailCloud.Credentials;
using MailCloud.Hosting;
using MailCloud.MailboxContracts;
using MailCloud.Standing;
using MailCloud.Tracing;
using MailCloud.Web.Admin;
using MailCloud.Web.Autoconfig;
using MailCloud.Web.Jmap;
using MailCloud.Web.MessageViews;
using MailCloud.Web.SignIns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MailCloud.Web;

public static class WebServiceHost
{
    /// <summary>Opens the HTTP and admin listeners of section <c>Web</c>. The host brings an <see cref="IGrainFactory"/> and an <see cref="Queue.IMailQueue"/>.</summary>
    public static WebApplicationBuilder AddWeb(this WebApplicationBuilder builder)
    {
        builder.Services.AddCheckedOptions<WebOptions>("Web", options => options.Errors());
        builder.AddTracing();
        builder.AddStanding();
        builder.Services.AddCredentials(builder.Configuration);
        builder.Services.AddHealthChecks();
        builder.Services.AddProblemDetails();
        builder.Services.AddOperations();
        builder.Services.AddSingleton<AccountImport>();
        builder.Services.AddSingleton<AccountUpload>();
        builder.Services.AddSingleton<KnownTokens>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddSingleton<MailboxImport>();
        builder.Services.AddSingleton<SignInAttempts>();
        builder.Services.AddSingleton<SignInTokens>();
        builder.Services.AddSingleton<HostedDomains>();
        builder.AddJmap();
        builder.Services.AddSingleton<MessageLookup>();
        builder.Services.AddSingleton<Renderings>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value;
            kestrel.Limits.RequestHeadersTimeout = options.HeaderTimeout;
            kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
            foreach (var endpoint in new[] { options.HttpEndPoint, options.AdminEndPoint }.OfType<System.Net.IPEndPoint>())
            {
                kestrel.Listen(endpoint, listen => listen.Use(new ConnectionLimit(options.MaxConnections).Around));
            }
        });
        return builder;
    }

    /// <summary>Maps what the two listeners answer; health on both.</summary>
    public static WebApplication MapWeb(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<WebOptions>>().Value;
        if (options.Proxies.Count > 0)
        {
            app.UseForwardedHeaders(Forwarded(options.Proxies));
        }

        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(AdminAccess.CheckAsync);
        app.UseJmapAccess();
        app.MapHealth();
        app.MapGet("/", IndexPage.Write);
        SignIn.Map(app);
        app.MapJmap();
        MessageViewPages.Map(app);
        if (options.Mail.Host.Length > 0)
        {
            MailClientPages.Map(app);
        }

        var admin = app.MapGroup(AdminAccess.Path).AnswersProblems();
        Operations.MapDocument(admin);
        Reference.Map(admin);
        Tenants.Map(admin);
        TenantList.Map(admin);
        Tokens.Map(admin);
        AuditLog.Map(admin);
        admin.MapPost("/accounts/import", (HttpContext context, Caller caller, Act act, AccountImport import, int firstLine = 1) => import.RunAsync(context, caller, act, firstLine))
            .Requires(AdminPermission.ManageAddresses, Reach.Caller)
            .AnswersLines<ImportedLine>("importAccounts", "Makes accounts of lines address,password; a line of the answer for each");
        AccountList.Map(admin);
        AccountExport.Map(admin);
        Addresses.Map(admin);
        GroupMembers.Map(admin);
        AppPasswords.Map(admin);
        SecondFactors.Map(admin);
        Logins.Map(admin);
        QueueStatus.Map(admin);
        SpoolList.Map(admin);
        Domains.Map(admin);
        Deletion.Map(admin);
        DkimKeys.Map(admin);
        SpoolMessage.Map(admin);
        Suppressions.Map(admin);
        OidcIssuers.Map(admin);
        MessageTrace.Map(admin);
        Upkeep.Map(admin);
        Jobs.Map(admin);
        Backups.Map(admin);
        MailboxContents.Map(admin);
        MailboxImport.Map(admin);
        return app;
    }

    // Of one proxy: what others have written before it, clients may have made up.
    private static ForwardedHeadersOptions Forwarded(IReadOnlyList<System.Net.IPNetwork> proxies)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in proxies)
        {
            forwarded.KnownIPNetworks.Add(network);
        }

        return forwarded;
    }
}
