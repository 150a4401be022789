using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/copy (RFC 8621 §4.7): between accounts, of which everybody has one here.</summary>
internal static class EmailCopy
{
    public static Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var arguments = call.Arguments;
        _ = call.Account;
        var from = arguments.RequireText("fromAccountId");
        _ = arguments.RequireObject("create");
        _ = (arguments.FindText("ifFromInState"), arguments.FindText("ifInState"), arguments.FindText("destroyFromIfInState"), arguments.FindBool("onSuccessDestroyOriginal", false));
        arguments.Done();

        // RFC 8620 §5.4: the two must differ.
        throw from == call.User.AccountKey
            ? MethodException.InvalidArguments("fromAccountId and accountId are the same")
            : new MethodException("fromAccountNotFound", "the only account is the one of the session resource");
    }
}
