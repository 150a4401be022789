using System.Net;

namespace MailCloud.Web;

/// <summary>Section <c>Web</c>. Endpoints are <c>address:port</c>; empty: not opened.</summary>
internal sealed record WebOptions
{
    public string Http { get; init; } = "";

    /// <summary>The admin API has a port of its own, so that it can be kept from every network but the operator's.</summary>
    public string Admin { get; init; } = "";

    /// <summary>The file that holds the admin API's bearer token; read at each request, so that the token can be changed without a restart.</summary>
    public string AdminTokenFile { get; init; } = "";

    public IPEndPoint? HttpEndPoint => Parse(Http);

    public IPEndPoint? AdminEndPoint => Parse(Admin);

    public IEnumerable<string> Errors()
    {
        if (Http.Length > 0 && HttpEndPoint is null)
        {
            yield return $"Web:Http is '{Http}', which is no address:port";
        }

        if (Admin.Length > 0 && AdminEndPoint is null)
        {
            yield return $"Web:Admin is '{Admin}', which is no address:port";
        }

        if (Admin.Length > 0 && AdminTokenFile.Length == 0)
        {
            yield return "Web:AdminTokenFile is missing: the admin API needs a token";
        }
    }

    private static IPEndPoint? Parse(string text) => IPEndPoint.TryParse(text, out var endpoint) ? endpoint : null;
}
