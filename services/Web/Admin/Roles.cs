using MailCloud.MailboxContracts;

namespace MailCloud.Web.Admin;

/// <summary>What each role may do, and how the API writes roles and permissions.</summary>
internal static class Roles
{
    public const string Rule = "role is one of platform, tenant, help-desk and user";

    /// <summary>Sets passwords as Google's help desk does, but sees no mail, makes nothing and ends nothing.</summary>
    private const AdminPermission HelpDesk = AdminPermission.ReadDirectory | AdminPermission.ResetPasswords | AdminPermission.ReadSignIns | AdminPermission.ReadMail;

    private const AdminPermission User = AdminPermission.ReadDirectory | AdminPermission.ResetPasswords | AdminPermission.ReadSignIns | AdminPermission.ReadContent;

    /// <summary>What a user may who signed in by an app password: no more than a mail program that has one. Else whoever steals it from a device could set the password.</summary>
    public const AdminPermission OfAppPasswords = AdminPermission.ReadDirectory | AdminPermission.ReadContent;

    // Which domains a tenant has is the platform's to say: nothing proves yet that a domain is who claims it.
    private const AdminPermission Tenant = HelpDesk | User | AdminPermission.ManageDomains | AdminPermission.ManageAddresses | AdminPermission.ManageSignIn | AdminPermission.ManageMail
        | AdminPermission.WriteContent | AdminPermission.ReadAudit | AdminPermission.ManageTokens;

    private const AdminPermission Platform = Tenant | AdminPermission.ManageTenants | AdminPermission.Operate;

    public static AdminPermission PermissionsOf(AdminRole role) => role switch
    {
        AdminRole.Platform => Platform,
        AdminRole.Tenant => Tenant,
        AdminRole.HelpDesk => HelpDesk,
        _ => User,
    };

    public static string Of(AdminRole role) => role switch
    {
        AdminRole.Platform => "platform",
        AdminRole.Tenant => "tenant",
        AdminRole.HelpDesk => "help-desk",
        _ => "user",
    };

    public static AdminRole? Parse(string? text) => Enum.GetValues<AdminRole>().Where(role => Of(role) == text).Select(role => (AdminRole?)role).FirstOrDefault();

    /// <summary><c>readDirectory</c> and so on.</summary>
    public static string[] NamesOf(AdminPermission permissions) => [.. Each().Where(each => (permissions & each) != 0).Select(NameOf)];

    /// <summary>Null when a name is none.</summary>
    public static AdminPermission? Parse(IEnumerable<string> names)
    {
        var permissions = AdminPermission.None;
        foreach (var name in names)
        {
            if (Each().FirstOrDefault(each => NameOf(each) == name) is not (not AdminPermission.None and var permission))
            {
                return null;
            }

            permissions |= permission;
        }

        return permissions;
    }

    private static IEnumerable<AdminPermission> Each() => Enum.GetValues<AdminPermission>().Where(permission => permission != AdminPermission.None);

    private static string NameOf(AdminPermission permission) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(permission.ToString());
}
