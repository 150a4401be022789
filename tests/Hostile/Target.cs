using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Hostile;

public enum Protocol
{
    Smtp = 0,
    Submission = 1,
    Imap = 2,
    Pop3 = 3,
    Http = 4,
}

/// <summary>A port of the server.</summary>
/// <param name="Name">As figures and failures name it.</param>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Number">On 127.0.0.1.</param>
/// <param name="IsTls">TLS from the first octet.</param>
public sealed record Port(string Name, Protocol Protocol, int Number, bool IsTls = false)
{
    /// <summary>How its greeting begins; empty where the client speaks first.</summary>
    public string Greeting => Protocol switch
    {
        Protocol.Smtp or Protocol.Submission => "220 ",
        Protocol.Imap => "* OK ",
        Protocol.Pop3 => "+OK ",
        _ => "",
    };

    /// <summary>How the last line before the server hangs up on a client that was too slow begins; empty where it says nothing.</summary>
    public string Goodbye => Protocol switch
    {
        Protocol.Smtp or Protocol.Submission => "421 4.4.2 ",
        Protocol.Imap => "* BYE ",
        _ => "",
    };
}

/// <summary>An AllInOne on loopback with its demo accounts: what is attacked.</summary>
public sealed class Target : IDisposable
{
    public const string Alice = "alice@example.test";
    public const string Bob = "bob@example.test";
    public const string Password = "mailcloud";

    private readonly X509Certificate2 certificate;

    /// <param name="data">The server's data folder, where its certificate stands.</param>
    /// <param name="offset">Of its ports.</param>
    /// <param name="processId">Of the server, on this machine.</param>
    public Target(string data, int offset, int processId)
    {
        certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(data, "tls", "default.crt"));
        Token = File.ReadAllText(Path.Combine(data, "admin-token")).Trim();
        Process = new(processId);
        Smtp = new("SMTP", Protocol.Smtp, 2525 + offset);
        Submission = new("submission", Protocol.Submission, 2587 + offset);
        Submissions = new("submissions", Protocol.Submission, 2465 + offset, IsTls: true);
        Imap = new("IMAP", Protocol.Imap, 2143 + offset);
        Imaps = new("IMAPS", Protocol.Imap, 2993 + offset, IsTls: true);
        Pop3 = new("POP3", Protocol.Pop3, 2110 + offset);
        Pop3s = new("POP3S", Protocol.Pop3, 2995 + offset, IsTls: true);
        Http = new("HTTP", Protocol.Http, 8080 + offset);
        Admin = new("admin", Protocol.Http, 8081 + offset);
    }

    /// <summary>What the server takes of the machine.</summary>
    public ServerLoad Process { get; }

    /// <summary>The admin API's.</summary>
    public string Token { get; }

    public Port Smtp { get; }

    public Port Submission { get; }

    public Port Submissions { get; }

    public Port Imap { get; }

    public Port Imaps { get; }

    public Port Pop3 { get; }

    public Port Pop3s { get; }

    public Port Http { get; }

    public Port Admin { get; }

    public IReadOnlyList<Port> Ports => [Smtp, Submission, Submissions, Imap, Imaps, Pop3, Pop3s, Http, Admin];

    /// <summary>A handshake that takes the server's own certificate and no other.</summary>
    internal SslClientAuthenticationOptions Handshake => new()
    {
        TargetHost = "mail.example.test",
        RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString(),
    };

    public void Dispose() => certificate.Dispose();
}
