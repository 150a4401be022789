namespace MailCloud.Web.Jmap.Access;

/// <summary>Metadata of an endpoint: only who has shown an account gets to it, and its handler takes a <see cref="JmapUser"/>.</summary>
internal sealed class NeedsJmapUser
{
    public static readonly NeedsJmapUser Instance = new();
}
