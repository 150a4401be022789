using MailCloud.Web.Jmap.Push;

namespace MailCloud.Web.Jmap;

/// <summary>The limits that the session resource tells (RFC 8620 §2), all of one process: of the account's requests elsewhere it knows nothing.</summary>
internal sealed record JmapOptions
{
    /// <summary>Octets of an upload: half again of what an Email's attachments may have, as base64 makes them longer.</summary>
    public int MaxSizeUpload { get; init; } = 75_000_000;

    /// <summary>Uploads of an account at a time. RFC 8620 §2 suggests 4.</summary>
    public int MaxConcurrentUpload { get; init; } = 4;

    /// <summary>Octets of an account's uploads that nothing uses, together; the oldest make room. RFC 8620 §6 asks for as much as one object may refer to, at least.</summary>
    public long UploadsOctets { get; init; } = 1_000_000_000;

    /// <summary>How many there are of them at most.</summary>
    public int UploadsKept { get; init; } = 1000;

    /// <summary>Octets of an API request. RFC 8620 §2 suggests 10,000,000.</summary>
    public int MaxSizeRequest { get; init; } = 10_000_000;

    /// <summary>Octets of blobs that the calls of one request have read, to copy, attach, import or digest them: ten Emails with as much attached as one may have.</summary>
    public long MaxOctetsRead { get; init; } = 500_000_000;

    /// <summary>API requests of an account at a time. RFC 8620 §2 suggests 4; a browser with several tabs has more.</summary>
    public int MaxConcurrentRequests { get; init; } = 8;

    /// <summary>Method calls in a request. RFC 8620 §2 suggests 16, which one screen of a webmail may need.</summary>
    public int MaxCallsInRequest { get; init; } = 64;

    /// <summary>Objects that one /get gives. RFC 8620 §2 suggests 500.</summary>
    public int MaxObjectsInGet { get; init; } = 1000;

    /// <summary>Objects that one /set makes, changes and destroys, together. RFC 8620 §2 suggests 500.</summary>
    public int MaxObjectsInSet { get; init; } = 1000;

    /// <summary>How far ahead a submission may be put off (RFC 8621 §7), as Smtp:MaxHold; zero: not at all.</summary>
    public TimeSpan MaxHold { get; init; } = TimeSpan.FromDays(7);

    /// <summary>This host's name in the trace and the Message-ID of what is sent, as Smtp:HostName.</summary>
    public string HostName { get; init; } = "localhost";

    /// <summary>The domain whose postmaster gets the mail for one that nobody is (RFC 5321 §4.5.1), as Smtp:PostmasterDomain; empty: <see cref="HostName"/>.</summary>
    public string PostmasterDomain { get; init; } = "";

    /// <summary>Octets of a message that is sent, as Smtp:MaxMessageSize.</summary>
    public long MaxMessageSize { get; init; } = 50 * 1024 * 1024;

    /// <summary>Recipients of a message that is sent, as Smtp:MaxRecipients.</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>Messages that an account sends in a minute, as Smtp:AccountMessagesPerMinute.</summary>
    public int AccountMessagesPerMinute { get; init; } = 120;

    /// <summary>Origins of pages elsewhere, comma-separated, as <c>https://mail.example.com</c>, that may use JMAP from a browser (CORS), by a token or a password and never by the cookie. Empty: none; <c>*</c>: all.</summary>
    public string Origins { get; init; } = "";

    /// <summary>How clients are told of changes.</summary>
    public PushOptions Push { get; init; } = new();

    public IReadOnlyList<string> AllowedOrigins => Origins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public IEnumerable<string> Errors()
    {
        if (MaxSizeUpload <= 0 || MaxConcurrentUpload <= 0 || MaxSizeRequest <= 0 || MaxConcurrentRequests <= 0 || MaxCallsInRequest <= 0 || MaxObjectsInGet <= 0 || MaxObjectsInSet <= 0
            || MaxMessageSize <= 0 || MaxRecipients <= 0 || AccountMessagesPerMinute <= 0)
        {
            yield return "the limits of Web:Jmap must be above zero";
        }

        foreach (var error in Push.Errors())
        {
            yield return error;
        }

        if (MaxOctetsRead < 2L * MaxSizeUpload)
        {
            yield return "Web:Jmap:MaxOctetsRead must be twice Web:Jmap:MaxSizeUpload or more";
        }

        if (UploadsOctets < MaxSizeUpload || UploadsKept <= 0)
        {
            yield return "Web:Jmap:UploadsOctets must be Web:Jmap:MaxSizeUpload or more, and Web:Jmap:UploadsKept above zero";
        }

        // Of the 14 days for which a mailbox remembers deliveries, less the 5 for which mail waits after its release, and one for what stands still.
        if (MaxHold < TimeSpan.Zero || MaxHold > TimeSpan.FromDays(8))
        {
            yield return "Web:Jmap:MaxHold must be zero to 8 days";
        }

        if (HostName.Length == 0)
        {
            yield return "Web:Jmap:HostName is missing";
        }

        if (!AllowedOrigins.All(origin => origin == "*" || IsOrigin(origin)))
        {
            yield return "Web:Jmap:Origins must be * or origins as https://mail.example.com, separated by commas";
        }
    }

    private static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("https" or "http") && uri.GetLeftPart(UriPartial.Authority) == text;
}
