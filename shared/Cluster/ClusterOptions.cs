using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace MailCloud.Cluster;

/// <summary>Section <c>Cluster</c>.</summary>
public sealed record ClusterOptions
{
    private static readonly TimeSpan longestPatience = TimeSpan.FromMinutes(1);

    /// <summary>The Redis that holds the membership table, as StackExchange.Redis reads it: <c>host:port,password=…,ssl=true</c>.</summary>
    public string Redis { get; init; } = "";

    /// <summary>Silos and clients with other names in the same Redis do not see these.</summary>
    public string Id { get; init; } = "mailcloud";

    /// <summary>Where other silos reach this one, <c>address:port</c>: an address of this host, in a pod the pod's. 11111 is Orleans' port.</summary>
    public string Silo { get; init; } = "127.0.0.1:11111";

    /// <summary>Where clients reach this silo, <c>address:port</c>, at the address of <see cref="Silo"/>. 30000 is Orleans' port.</summary>
    public string Gateway { get; init; } = "127.0.0.1:30000";

    /// <summary>
    /// How long who calls a grain goes on when it does not answer. Twice the 12 s after which a silo that hangs is declared dead; and an IMAP client waits longer than that (Thunderbird's time-out is
    /// 100 s), an SMTP client five minutes (RFC 5321 §4.5.3.2).
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// Of silos: each is a pod, and a silo whose pod is gone from Kubernetes is declared dead. Needs variables, labels and rights of the pod (README.md of shared/Cluster); the chart gives them, and sets it.
    /// </summary>
    public bool Kubernetes { get; init; }

    /// <exception cref="ValidationException">Something is missing or malformed; the message names all of it.</exception>
    internal static ClusterOptions From(IConfiguration configuration)
    {
        var options = configuration.GetSection("Cluster").Get<ClusterOptions>() ?? new();
        var errors = options.Errors().ToList();
        return errors.Count == 0 ? options : throw new ValidationException(string.Join("; ", errors));
    }

    /// <summary><see cref="Patience"/>, also where there is no cluster.</summary>
    /// <exception cref="ValidationException">It is no time, or a longer one than mailboxes are sure to remember operations for: a call that is repeated after that would be done again.</exception>
    internal static TimeSpan PatienceFrom(IConfiguration configuration)
    {
        var patience = configuration.GetValue("Cluster:Patience", new ClusterOptions().Patience);
        return patience >= TimeSpan.Zero && patience <= longestPatience ? patience : throw new ValidationException("Cluster:Patience is negative, or longer than a minute");
    }

    private IEnumerable<string> Errors()
    {
        if (Redis.Length == 0)
        {
            yield return "Cluster:Redis names no Redis";
        }

        if (Id.Length == 0)
        {
            yield return "Cluster:Id is empty";
        }

        if (!IPEndPoint.TryParse(Silo, out var silo) || !IPEndPoint.TryParse(Gateway, out var gateway))
        {
            yield return $"Cluster:Silo is '{Silo}' and Cluster:Gateway '{Gateway}': both are address:port";
        }
        else if (!silo.Address.Equals(gateway.Address) || silo.Port == gateway.Port)
        {
            yield return $"Cluster:Silo is '{Silo}' and Cluster:Gateway '{Gateway}': they have one address and two ports";
        }
    }
}
