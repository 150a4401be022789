namespace MailCloud.EndToEnd.Tests.Upgrade;

/// <summary>The programs of all services as one commit makes them.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Root">The folder of the sources that they were built in.</param>
internal sealed record ServiceBuild(string Name, string Root)
{
    private static readonly string[] Services = ["Mailboxes", "LocalDelivery", "OutboundRelay", "SmtpIngress", "MailboxAccess", "Web"];

    public static ServiceBuild Present { get; } = new("this build", ServerProcess.RepositoryRoot);

    /// <summary>What is in use when this build is released. <c>previous.sh</c> makes it.</summary>
    public static ServiceBuild Previous { get; } = new("the previous release", Environment.GetEnvironmentVariable("MAILCLOUD_PREVIOUS") ?? PreviousRoot());

    /// <summary>Settings of <c>cluster.sh</c> by which services are of this build.</summary>
    public IReadOnlyDictionary<string, string> Programs => Services.ToDictionary(service => $"MAILCLOUD_PROGRAM_{service}", ProgramOf);

    private static string PreviousRoot() => Path.Combine(
        ServerProcess.RepositoryRoot, "tests", ".tools", "previous", File.ReadAllText(Path.Combine(ServerProcess.RepositoryRoot, "tests", "EndToEnd.Tests", "Upgrade", "previous-release")).Trim());

    private string ProgramOf(string service)
    {
        var program = Path.Combine(Root, "services", service, "bin", "Release", "net10.0", $"MailCloud.{service}.dll");
        Assert.True(File.Exists(program), $"{program} is not there, a part of {Name}: tests/EndToEnd.Tests/Upgrade/previous.sh builds the previous release");
        return program;
    }
}
