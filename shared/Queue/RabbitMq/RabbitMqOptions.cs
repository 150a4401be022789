using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace MailCloud.Queue.RabbitMq;

/// <summary>Section <c>RabbitMq</c>.</summary>
public sealed record RabbitMqOptions
{
    /// <summary>The brokers, each <c>host</c> or <c>host:port</c>; a connection goes to one of them at random. Ports are IANA's: 5672, with TLS 5671.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["localhost"];

    /// <summary>The broker's default user, which it lets in from its own machine only.</summary>
    public string User { get; init; } = "guest";

    /// <summary>Comes from a secret: environment variable <c>RabbitMq__Password</c> or a file of settings. It is never logged.</summary>
    public string Password { get; init; } = "guest";

    /// <summary>The broker's default.</summary>
    public string VirtualHost { get; init; } = "/";

    /// <summary>TLS by the name in <see cref="Hosts"/>, the certificate checked against the machine's authorities.</summary>
    public bool Tls { get; init; }

    /// <summary>What the names of all queues begin with.</summary>
    public string Prefix { get; init; } = "mailcloud";

    /// <summary>
    /// Entries sent and not yet confirmed, for one process. Measured: 64 publishers at once are past the knee; this leaves room for bursts and bounds what is in doubt when a connection dies.
    /// </summary>
    public int MaxInFlight { get; init; } = 1024;

    /// <summary>How long a publish may take in all before it is given up, in doubt. Below SMTP's own <c>Smtp:CommitTimeout</c>; a confirm takes milliseconds, an election of a leader a few seconds.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>RabbitMQ's guide to heartbeats: 5 to 20 s are optimal for most environments. A dead broker is noticed after two of them.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between two attempts to connect; they begin at 0.2 s and double. 5 s is RabbitMQ.Client's NetworkRecoveryInterval.</summary>
    public TimeSpan MaxReconnectDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The delays that failed entries wait, ascending: one queue each, for entries expire in order within a queue. The default is LocalDelivery's schedule: 5 s, doubled, to 5 minutes.
    /// </summary>
    public IReadOnlyList<TimeSpan> DelaySteps { get; init; } =
        [.. Enumerable.Range(0, 6).Select(i => TimeSpan.FromSeconds(5 << i)), TimeSpan.FromMinutes(5)];

    /// <summary>How long a consumer that ended may still settle what it was given before that goes to others. LocalDelivery's work gets 10 s at a shutdown.</summary>
    public TimeSpan SettleGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="ValidationException">A value is not one of those allowed; the message names all that are wrong.</exception>
    public static RabbitMqOptions From(IConfiguration configuration)
    {
        // The binder adds to a list that has values already.
        var section = configuration.GetSection("RabbitMq");
        var options = section.Get<RabbitMqOptions>() ?? new();
        options = options with
        {
            Hosts = section.GetSection("Hosts").Get<string[]>() ?? new RabbitMqOptions().Hosts,
            DelaySteps = section.GetSection("DelaySteps").Get<TimeSpan[]>() ?? new RabbitMqOptions().DelaySteps,
        };
        var errors = options.Errors().ToList();
        return errors.Count == 0 ? options : throw new ValidationException(string.Join("; ", errors));
    }

    private IEnumerable<string> Errors()
    {
        if (Hosts.Count == 0 || Hosts.Any(host => !Uri.TryCreate($"amqp://{host}", UriKind.Absolute, out _)))
        {
            yield return $"RabbitMq:Hosts is '{string.Join(' ', Hosts)}', not one or more of host or host:port";
        }

        if (Prefix.Length is 0 or > 100)
        {
            yield return "RabbitMq:Prefix has 1 to 100 characters";
        }

        // 65,535 slots are far more than a broker confirms within the time.
        if (MaxInFlight is < 1 or > 65_535)
        {
            yield return $"RabbitMq:MaxInFlight is {MaxInFlight}, not 1 to 65535";
        }

        if (new[] { PublishTimeout, Heartbeat, MaxReconnectDelay }.Any(t => t <= TimeSpan.Zero) || SettleGrace < TimeSpan.Zero)
        {
            yield return "RabbitMq: PublishTimeout, Heartbeat and MaxReconnectDelay are above zero, SettleGrace is not below it";
        }

        if (DelaySteps.Count == 0 || DelaySteps[0] <= TimeSpan.Zero || DelaySteps.Zip(DelaySteps.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            yield return "RabbitMq:DelaySteps are one or more, above zero and ascending";
        }
    }
}
