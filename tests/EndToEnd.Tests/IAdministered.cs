namespace MailCloud.EndToEnd.Tests;

/// <summary>What has an admin API: a server in one process, or a whole cluster.</summary>
internal interface IAdministered
{
    /// <summary>An HTTP client for it, with the token.</summary>
    HttpClient Admin();
}
