using MailCloud.Fuzz.Targets;

namespace MailCloud.Fuzz;

/// <summary>Every parser that reads what others send.</summary>
internal static class FuzzTargets
{
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        .. WireTargets.All,
        .. MessageTargets.All,
        .. SmtpTargets.All,
        .. ImapTargets.All,
        .. Pop3Targets.All,
        .. FetchTargets.All,
        .. ViewTargets.All,
        .. CredentialTargets.All,
        .. StoredTargets.All,
        .. WebTargets.All,
        .. RelayTargets.All,
    ];
}
