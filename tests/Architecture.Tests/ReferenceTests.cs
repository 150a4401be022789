namespace MailCloud.Architecture.Tests;

public sealed class ReferenceTests
{
    /// <summary>What each project may reference. A project that is missing here fails, so that its place is decided before it is used.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["shared/Messages"] = [],
        ["shared/Wire"] = [],
        ["shared/Hosting"] = [],
        ["shared/Credentials"] = [],
        ["shared/Cluster"] = ["Hosting"],
        ["shared/Queue"] = ["Messages"],
        ["shared/AzureStorage"] = [],
        ["shared/Blobs"] = ["Messages", "AzureStorage"],
        ["shared/Journal"] = ["Messages", "AzureStorage"],
        ["shared/MailboxContracts"] = ["Messages"],
        ["shared/MessageView"] = ["Messages"],
        ["shared/Tracing"] = ["Messages", "MailboxContracts", "Cluster"],
        ["shared/Standing"] = ["Messages", "MailboxContracts", "Cluster"],
        ["shared/Watching"] = ["Messages", "MailboxContracts", "Cluster"],
        ["shared/Submission"] = ["Messages", "MailboxContracts", "Standing", "Cluster"],
        ["shared/Oidc"] = ["Messages", "MailboxContracts", "Credentials", "Cluster", "Wire"],
        ["shared/Embedded"] = ["Queue", "Blobs", "Journal"],
        ["shared/Backup"] = ["Blobs", "Journal", "Embedded"],
        ["services/SmtpIngress"] = ["Wire", "Messages", "Queue", "Blobs", "MailboxContracts", "Tracing", "Standing", "Submission", "Credentials", "Oidc", "Cluster", "Hosting"],
        ["shared/Reports"] = ["Messages", "Queue", "Blobs", "MailboxContracts", "Tracing", "Cluster"],
        ["services/LocalDelivery"] = ["Messages", "Queue", "Blobs", "MailboxContracts", "Reports", "Tracing", "Cluster", "Hosting"],
        ["services/OutboundRelay"] = ["Wire", "Messages", "Queue", "Blobs", "MailboxContracts", "Reports", "Tracing", "Cluster", "Hosting"],
        ["services/Mailboxes"] = ["Messages", "MailboxContracts", "Blobs", "Journal", "Queue", "Backup", "Tracing", "Cluster", "Hosting"],
        ["services/MailboxAccess"] = ["Wire", "Messages", "MailboxContracts", "Blobs", "Standing", "Watching", "Credentials", "Oidc", "Cluster", "Hosting"],
        ["services/Web"] = ["Messages", "MailboxContracts", "MessageView", "Blobs", "Queue", "Tracing", "Standing", "Watching", "Submission", "Credentials", "Oidc", "Cluster", "Hosting"],
        ["services/Cli"] = [],
    };

    public static TheoryData<string> Projects =>
        [.. Repository.Projects.Where(p => !p.StartsWith("tests/", StringComparison.Ordinal) && p != "services/AllInOne/AllInOne.csproj")];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_it_may(string project)
    {
        var folder = Path.GetDirectoryName(project)!.Replace('\\', '/');
        Assert.True(Allowed.TryGetValue(folder, out var allowed), $"{folder} has no line in the table of allowed references");
        Assert.Empty(Repository.References(project).Except(allowed.Select(a => "shared/" + a)));
    }
}
