using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.MessageViews;

/// <summary>What browsers are told of everything that comes out of a message.</summary>
internal static class ViewHeaders
{
    /// <summary>For what is neither shown as a page nor in a frame.</summary>
    public const string Nothing = "default-src 'none'; frame-ancestors 'none'; sandbox";

    public static void Set(HttpResponse response, string policy)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "no-referrer";

        // Chromium looks up the hosts of links before anybody follows them: a name of its own in each mail would tell that it was read.
        headers["X-DNS-Prefetch-Control"] = "off";

        // A message never changes; what it is shown by does, with a release.
        headers.CacheControl = "private, max-age=3600";
        headers.Vary = "Accept, Authorization, Cookie";
    }
}
