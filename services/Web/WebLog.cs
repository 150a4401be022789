using Microsoft.Extensions.Logging;

namespace MailCloud.Web;

/// <summary>Log events 5000–5999. Never a password, a verifier or a token.</summary>
internal static partial class WebLog
{
    [LoggerMessage(5001, LogLevel.Warning, "import: line {Line}, {Address}, could not be stored")]
    public static partial void ImportFailed(this ILogger log, int line, string address, Exception error);

    [LoggerMessage(5002, LogLevel.Information, "import: {Done} accounts, {Failed} lines failed")]
    public static partial void Imported(this ILogger log, int done, int failed);

    [LoggerMessage(5003, LogLevel.Warning, "admin request from {Client} refused: wrong token")]
    public static partial void WrongToken(this ILogger log, string client);

    [LoggerMessage(5004, LogLevel.Error, "Web:AdminTokenFile {File} cannot be read")]
    public static partial void TokenUnreadable(this ILogger log, string file, Exception? error);

    [LoggerMessage(5005, LogLevel.Error, "{Walk} broke off")]
    public static partial void WalkFailed(this ILogger log, string walk, Exception error);

    [LoggerMessage(5006, LogLevel.Warning, "admin request {Method} {Path} of {Caller} from {Client} refused: {Status}")]
    public static partial void RequestRefused(this ILogger log, string method, string path, string caller, string client, int status);

    [LoggerMessage(5007, LogLevel.Error, "admin request {Operation} not done: the audit log takes no record")]
    public static partial void ActNotBegun(this ILogger log, string operation, Exception error);

    [LoggerMessage(5008, LogLevel.Error, "admin request {Operation} on {Path} ended with {Status}, which the audit log does not know")]
    public static partial void ActNotEnded(this ILogger log, string operation, string path, int status, Exception error);

    [LoggerMessage(5020, LogLevel.Information, "sign-in of {Account} from {Client} refused: {Why}")]
    public static partial void SignInRefused(this ILogger log, string account, string client, SignIns.SignInVerdict why);

    [LoggerMessage(5040, LogLevel.Information, "{Kind} of {Account} ended: the client does not read")]
    public static partial void ClientTooSlow(this ILogger log, string kind, string account);

    [LoggerMessage(5041, LogLevel.Warning, "mailbox {Account} does not say its state; it is asked again")]
    public static partial void NotFollowed(this ILogger log, string account, Exception error);

    [LoggerMessage(5042, LogLevel.Information, "push subscription {Subscription}: {Host} answered {Answer}")]
    public static partial void NotPosted(this ILogger log, Guid subscription, string host, string answer);

    [LoggerMessage(5043, LogLevel.Warning, "push subscriptions of {Account} cannot be read; it is tried again")]
    public static partial void SubscriptionsUnknown(this ILogger log, string account, Exception error);

    [LoggerMessage(5044, LogLevel.Warning, "pushing to subscription {Subscription} of {Account} broke off; it goes on in some seconds")]
    public static partial void PusherBroke(this ILogger log, Guid subscription, string account, Exception error);

    [LoggerMessage(5045, LogLevel.Warning, "leases for pushing cannot be asked for; it is tried again")]
    public static partial void LeasesUnknown(this ILogger log, Exception error);

    [LoggerMessage(5030, LogLevel.Error, "JMAP method {Method} of {Account} failed")]
    public static partial void MethodFailed(this ILogger log, string method, string account, Exception error);

    [LoggerMessage(5031, LogLevel.Warning, "body {Body} could not be released; the sweep will")]
    public static partial void BodyNotReleased(this ILogger log, string body, Exception error);

    [LoggerMessage(5032, LogLevel.Warning, "a download of blob {Blob} broke off after its beginning")]
    public static partial void DownloadBroke(this ILogger log, string blob, Exception error);

    [LoggerMessage(5033, LogLevel.Error, "whether a lasting request of {Account} may go on could not be asked; it ends")]
    public static partial void AccessNotChecked(this ILogger log, string account, Exception error);

    [LoggerMessage(5010, LogLevel.Warning, "imported body {Body} could not be parsed; it is filed as it is")]
    public static partial void NotParsed(this ILogger log, string body, Exception error);
}
