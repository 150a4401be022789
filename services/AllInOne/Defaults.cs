using System.Globalization;

namespace MailCloud.AllInOne;

/// <summary>
/// Turns the two options of this program into the configuration of the services that it holds. Anything else can be set by the services' own names, which win over these.
/// </summary>
internal static class Defaults
{
    /// <summary>The data folder when none is given: beside where the program is started.</summary>
    private const string DataFolder = "mailcloud-data";

    public static string DataDirectory(IConfiguration configuration) => Path.GetFullPath(configuration["Data"] ?? DataFolder);

    public static int PortOffset(IConfiguration configuration) => int.Parse(configuration["PortOffset"] ?? "0", CultureInfo.InvariantCulture);

    public static Dictionary<string, string?> For(IConfiguration configuration)
    {
        var data = DataDirectory(configuration);
        var offset = PortOffset(configuration);
        return new()
        {
            ["Embedded:Directory"] = data,
            ["Tls:Directory"] = Path.Combine(data, "tls"),
            ["Web:AdminTokenFile"] = Path.Combine(data, "admin-token"),
            ["Web:Jmap:Push:VapidKeyFile"] = Path.Combine(data, "vapid-key"),
            ["Smtp:HostName"] = "mail.example.test",
            ["Smtp:PostmasterDomain"] = "example.test",
            ["Reports:HostName"] = "mail.example.test",
            ["Relay:HostName"] = "mail.example.test",
            ["Mailboxes:RelaysInProcess"] = "true",
            ["Smtp:Mx"] = Loopback(2525),
            ["Smtp:Submission"] = Loopback(2587),
            ["Smtp:Submissions"] = Loopback(2465),
            ["Imap:Plain"] = Loopback(2143),
            ["Imap:Tls"] = Loopback(2993),
            ["Pop3:Plain"] = Loopback(2110),
            ["Pop3:Tls"] = Loopback(2995),
            ["Web:Http"] = Loopback(8080),
            ["Web:Admin"] = Loopback(8081),
            ["Web:Mail:Host"] = "localhost",
            ["Web:Mail:Mx"] = "mail.example.test",
            ["Web:Mail:Imaps"] = Port(2993),
            ["Web:Mail:Imap"] = Port(2143),
            ["Web:Mail:Pop3s"] = Port(2995),
            ["Web:Mail:Pop3"] = Port(2110),
            ["Web:Mail:Submissions"] = Port(2465),
            ["Web:Mail:Submission"] = Port(2587),
        };

        string Loopback(int port) => $"127.0.0.1:{Port(port)}";
        string Port(int port) => (port + offset).ToString(CultureInfo.InvariantCulture);
    }
}
