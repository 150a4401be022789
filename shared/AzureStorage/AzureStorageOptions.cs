using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace MailCloud.AzureStorage;

/// <summary>Section <c>AzureStorage</c>: the storage account, by connection string or by its address and an identity.</summary>
public sealed record AzureStorageOptions
{
    /// <summary>With an account key or a shared access signature, for example Azurite's. Empty when <see cref="ServiceUri"/> is set.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>The account's blob endpoint, <c>https://ACCOUNT.blob.core.windows.net</c>; the process then signs in by its own identity.</summary>
    public Uri? ServiceUri { get; init; }

    /// <summary>
    /// The client id of a user-assigned managed identity. Empty: whatever identity the process finds (workload identity, the machine's managed identity, environment variables).
    /// </summary>
    public string ManagedIdentityClientId { get; init; } = "";

    /// <summary>The container of bodies, chunks and manifests. Made when it is missing.</summary>
    public string BlobContainer { get; init; } = "blobs";

    /// <summary>The container of journals: apart from the blobs, so that a listing of one does not pass the other. Made when it is missing.</summary>
    public string JournalContainer { get; init; } = "journals";

    /// <summary>
    /// Repeats of an operation that may be repeated. Four after 0.2, 0.4, 0.8 and 1.6 s outlast a moved partition (seconds); what lasts longer is the caller's to answer, by a 451.
    /// </summary>
    public int MaxRetries { get; init; } = 4;

    /// <summary>Before the first repeat; doubled for each further. The service asks for exponential back-off on 503; 0.8 s, the SDK's own first pause, is long within a dialog.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Without an octet of progress. With all repeats 150 s, well under the 10 minutes for which an SMTP client waits after its final dot (RFC 5321 §4.5.3.2.6).
    /// </summary>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <exception cref="InvalidOperationException">A value is missing or out of bounds; the message has all of them.</exception>
    public static AzureStorageOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("AzureStorage");
        var defaults = new AzureStorageOptions();
        List<string> errors = [];
        var options = new AzureStorageOptions
        {
            ConnectionString = section["ConnectionString"] ?? "",
            ServiceUri = ReadUri(section["ServiceUri"], errors),
            ManagedIdentityClientId = section["ManagedIdentityClientId"] ?? "",
            BlobContainer = section["BlobContainer"] ?? defaults.BlobContainer,
            JournalContainer = section["JournalContainer"] ?? defaults.JournalContainer,
            MaxRetries = section.GetValue("MaxRetries", defaults.MaxRetries),
            RetryDelay = section.GetValue("RetryDelay", defaults.RetryDelay),
            NetworkTimeout = section.GetValue("NetworkTimeout", defaults.NetworkTimeout),
        };
        errors.AddRange(options.Errors());
        return errors.Count == 0 ? options : throw new InvalidOperationException(string.Join("; ", errors));
    }

    private static Uri? ReadUri(string? text, List<string> errors)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            errors.Add("AzureStorage:ServiceUri is not an https address"); // A token is never sent in clear.
        }

        return uri;
    }

    private IEnumerable<string> Errors()
    {
        if ((ConnectionString.Length > 0) == (ServiceUri is not null))
        {
            yield return "one of AzureStorage:ConnectionString and AzureStorage:ServiceUri must be set";
        }

        if (BlobContainer.Length == 0 || BlobContainer == JournalContainer)
        {
            yield return "AzureStorage:BlobContainer and AzureStorage:JournalContainer must be two containers";
        }

        if (MaxRetries is < 0 or > 10)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"AzureStorage:MaxRetries is {MaxRetries}, not 0 to 10");
        }

        if (RetryDelay <= TimeSpan.Zero || NetworkTimeout <= TimeSpan.Zero)
        {
            yield return "AzureStorage:RetryDelay and AzureStorage:NetworkTimeout must be above zero";
        }
    }
}
