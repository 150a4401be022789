namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>
/// A search takes too long. In the order of a scan what it found stays, and the same asked again goes on from there: that is unavailable now (RFC 8620 §3.6.2). In another order it would begin again and end no sooner:
/// then it is the filter that cannot be answered (RFC 8620 §5.5).
/// </summary>
internal sealed class SearchTimeException(bool goesOn) : MethodException(
    goesOn ? "serverUnavailable" : "unsupportedFilter",
    goesOn ? "the search takes long; asked again it goes on" : "the search takes too long in this order");
