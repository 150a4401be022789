using System.Globalization;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Languages of the text for people in replies (RFC 6856 §3).</summary>
internal enum Pop3Language
{
    English = 0,
    SimplifiedChinese = 1,
}

/// <summary>What a reply says, in every language; {0} and so on stand for its arguments.</summary>
internal sealed record Pop3Text(string English, string SimplifiedChinese)
{
    public static readonly Pop3Text Greeting = new("MailCloud POP3", "MailCloud POP3");
    public static readonly Pop3Text Goodbye = new("Goodbye", "\u518d\u89c1");
    public static readonly Pop3Text Done = new("Done", "\u5b8c\u6210");
    public static readonly Pop3Text List = new("The list follows", "\u5217\u8868\u5982\u4e0b");
    public static readonly Pop3Text PasswordNext = new("Now the password", "\u8bf7\u8f93\u5165\u5bc6\u7801");
    public static readonly Pop3Text LoggedIn = new("Logged in, {0} messages ({1} octets)", "\u5df2\u767b\u5f55\uff0c\u5171 {0} \u5c01\u90ae\u4ef6\uff08{1} \u5b57\u8282\uff09");
    public static readonly Pop3Text Messages = new("{0} messages ({1} octets)", "\u5171 {0} \u5c01\u90ae\u4ef6\uff08{1} \u5b57\u8282\uff09");
    public static readonly Pop3Text Octets = new("{0} octets", "{0} \u5b57\u8282");
    public static readonly Pop3Text HeaderFollows = new("The top of the message follows", "\u90ae\u4ef6\u5f00\u5934\u5982\u4e0b");
    public static readonly Pop3Text Deleted = new("Message {0} is marked as deleted", "\u90ae\u4ef6 {0} \u5df2\u6807\u8bb0\u4e3a\u5220\u9664");
    public static readonly Pop3Text Removed = new("Goodbye, {0} messages removed", "\u518d\u89c1\uff0c\u5df2\u5220\u9664 {0} \u5c01\u90ae\u4ef6");
    public static readonly Pop3Text BeginTls = new("Begin TLS negotiation now", "\u8bf7\u5f00\u59cb TLS \u534f\u5546");
    public static readonly Pop3Text Utf8On = new("UTF-8 mode is on", "\u5df2\u542f\u7528 UTF-8 \u6a21\u5f0f");
    public static readonly Pop3Text LanguageChanged = new("{0} Replies are in English", "{0} \u6b64\u540e\u4ee5\u4e2d\u6587\u56de\u590d");

    public static readonly Pop3Text UnknownLanguage = new("There is no such language here", "\u4e0d\u652f\u6301\u8be5\u8bed\u8a00");
    public static readonly Pop3Text UnknownCommand = new("Unknown command", "\u672a\u77e5\u547d\u4ee4");
    public static readonly Pop3Text NotNow = new("{0} is not allowed now", "\u73b0\u5728\u4e0d\u80fd\u4f7f\u7528 {0}");
    public static readonly Pop3Text LineTooLong = new("The line is too long", "\u547d\u4ee4\u884c\u8fc7\u957f");
    public static readonly Pop3Text TooManyArguments = new("There are too many arguments", "\u53c2\u6570\u8fc7\u591a");
    public static readonly Pop3Text ArgumentMissing = new("An argument is missing", "\u7f3a\u5c11\u53c2\u6570");
    public static readonly Pop3Text NotANumber = new("An argument is no number", "\u53c2\u6570\u4e0d\u662f\u6570\u5b57");
    public static readonly Pop3Text NotUtf8 = new("The text is not UTF-8", "\u6587\u672c\u4e0d\u662f UTF-8");
    public static readonly Pop3Text NotBase64 = new("The response is not base64", "\u54cd\u5e94\u4e0d\u662f base64");
    public static readonly Pop3Text UserFirst = new("The user name comes first", "\u8bf7\u5148\u8f93\u5165\u7528\u6237\u540d");
    public static readonly Pop3Text TlsFirst = new("Use TLS first", "\u8bf7\u5148\u542f\u7528 TLS");
    public static readonly Pop3Text TlsActive = new("TLS is active already", "TLS \u5df2\u542f\u7528");
    public static readonly Pop3Text TlsUnavailable = new("TLS is not available", "TLS \u4e0d\u53ef\u7528");
    public static readonly Pop3Text NoMechanism = new("The mechanism is not offered", "\u4e0d\u652f\u6301\u8be5\u8ba4\u8bc1\u673a\u5236");
    public static readonly Pop3Text Cancelled = new("Authentication is cancelled", "\u8ba4\u8bc1\u5df2\u53d6\u6d88");
    public static readonly Pop3Text MalformedResponse = new("The response is malformed", "\u54cd\u5e94\u683c\u5f0f\u9519\u8bef");
    public static readonly Pop3Text WrongCredentials = new("Wrong user name or password", "\u7528\u6237\u540d\u6216\u5bc6\u7801\u9519\u8bef");
    public static readonly Pop3Text NotAnotherUser = new("Nobody may act as another user", "\u4e0d\u80fd\u4ee5\u5176\u4ed6\u7528\u6237\u8eab\u4efd\u767b\u5f55");
    public static readonly Pop3Text InUse = new("Another session has the maildrop", "\u90ae\u7bb1\u6b63\u88ab\u5176\u4ed6\u4f1a\u8bdd\u4f7f\u7528");
    public static readonly Pop3Text NothingRemoved = new("Another session has the maildrop by now; nothing was removed", "\u90ae\u7bb1\u5df2\u88ab\u5176\u4ed6\u4f1a\u8bdd\u5360\u7528\uff0c\u672a\u5220\u9664\u4efb\u4f55\u90ae\u4ef6");
    public static readonly Pop3Text NoMailbox = new("The account has no mailbox", "\u8be5\u5e10\u6237\u6ca1\u6709\u90ae\u7bb1");
    public static readonly Pop3Text Revoked = new("This app password was revoked", "\u8be5\u5e94\u7528\u4e13\u7528\u5bc6\u7801\u5df2\u88ab\u64a4\u9500");
    public static readonly Pop3Text NeedsAppPassword = new(
        "This account has a second factor, use an app password", "\u8be5\u5e10\u6237\u5df2\u542f\u7528\u4e24\u6b65\u9a8c\u8bc1\uff0c\u8bf7\u4f7f\u7528\u5e94\u7528\u4e13\u7528\u5bc6\u7801");

    public static readonly Pop3Text Suspended = new("This account is suspended, ask your administrator", "\u8be5\u5e10\u6237\u5df2\u505c\u7528\uff0c\u8bf7\u8054\u7cfb\u7ba1\u7406\u5458");
    public static readonly Pop3Text TooManyConnections = new("Too many connections, try again later", "\u8fde\u63a5\u8fc7\u591a\uff0c\u8bf7\u7a0d\u540e\u518d\u8bd5");
    public static readonly Pop3Text ShuttingDown = new("The server shuts down, connect again", "\u670d\u52a1\u5668\u5373\u5c06\u5173\u95ed\uff0c\u8bf7\u91cd\u65b0\u8fde\u63a5");
    public static readonly Pop3Text TryLater = new("Try again later", "\u8bf7\u7a0d\u540e\u518d\u8bd5");
    public static readonly Pop3Text InternalError = new("Internal error", "\u5185\u90e8\u9519\u8bef");
    public static readonly Pop3Text Unreadable = new("The message cannot be read", "\u65e0\u6cd5\u8bfb\u53d6\u8be5\u90ae\u4ef6");
    public static readonly Pop3Text NoMessage = new("There is no message {0}, the last is {1}", "\u6ca1\u6709\u90ae\u4ef6 {0}\uff0c\u6700\u540e\u4e00\u5c01\u662f {1}");
    public static readonly Pop3Text IsDeleted = new("Message {0} is marked as deleted", "\u90ae\u4ef6 {0} \u5df2\u6807\u8bb0\u4e3a\u5220\u9664");
    public static readonly Pop3Text IsGone = new("Message {0} was removed by another client", "\u90ae\u4ef6 {0} \u5df2\u88ab\u5176\u4ed6\u5ba2\u6237\u7aef\u5220\u9664");
    public static readonly Pop3Text NeedsUtf8 = new("The message has addresses in UTF-8: give UTF8 before login", "\u8be5\u90ae\u4ef6\u542b UTF-8 \u5730\u5740\uff1a\u8bf7\u5728\u767b\u5f55\u524d\u4f7f\u7528 UTF8 \u547d\u4ee4");
    public static readonly Pop3Text TooManyBad = new("Too many malformed commands", "\u9519\u8bef\u547d\u4ee4\u8fc7\u591a");

    /// <summary>Something for programs, the same in every language.</summary>
    public static Pop3Text Exact(string text) => new(text, text);

    public string In(Pop3Language language, object[] arguments)
    {
        var text = language == Pop3Language.SimplifiedChinese ? SimplifiedChinese : English;
        return arguments.Length == 0 ? text : string.Format(CultureInfo.InvariantCulture, text, arguments);
    }
}
