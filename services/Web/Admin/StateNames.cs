using MailCloud.MailboxContracts;

namespace MailCloud.Web.Admin;

/// <summary>States as the API writes them.</summary>
internal static class StateNames
{
    public const string Rule = "state is one of active, receive-only and suspended";

    public static string Of(AccountState state) => state switch
    {
        AccountState.Active => "active",
        AccountState.ReceiveOnly => "receive-only",
        _ => "suspended",
    };

    /// <summary>No text stands for <paramref name="otherwise"/>. False when it is no state.</summary>
    public static bool TryParse(string? text, AccountState otherwise, out AccountState state)
    {
        state = otherwise;
        foreach (var known in Enum.GetValues<AccountState>())
        {
            if (text == Of(known))
            {
                state = known;
                return true;
            }
        }

        return text is null;
    }
}
