using System.Net;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>
/// A session with a next host, ready for a transaction. One call at a time. It ends with <see cref="QuitAsync"/>, or without a word with <see cref="DisposeAsync"/>.
/// </summary>
internal sealed class SmtpClientSession : IAsyncDisposable
{
    // An answer that is as young as this shows that the host is there.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly SmtpChannel channel;
    private readonly SmtpClientOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private int begun;
    private bool needsReset;

    public SmtpClientSession(
        SmtpChannel channel, MailHost host, IPAddress address, Capabilities capabilities, NegotiatedTls? tls, SmtpClientOptions options, TimeProvider time, ILogger log)
    {
        (this.channel, HostName, IsSmarthost, Address, Capabilities, Tls) = (channel, host.Name, host.IsSmarthost, address, capabilities, tls);
        (this.options, this.time, this.log) = (options, time, log);
        MaxRecipients = capabilities.RcptMax ?? int.MaxValue;
    }

    /// <summary>The host's name, as it was looked up.</summary>
    public string HostName { get; }

    /// <summary>True when it passes mail on to the recipients' own hosts.</summary>
    public bool IsSmarthost { get; }

    public IPAddress Address { get; }

    public Capabilities Capabilities { get; }

    /// <summary>What TLS gave; null in clear.</summary>
    public NegotiatedTls? Tls { get; }

    /// <summary>Whether a transaction may follow: the connection stands, and the host takes more of them (MAILMAX, RFC 9422 §4.1).</summary>
    public bool IsUsable => !channel.IsClosed && begun < (Capabilities.MailMax ?? int.MaxValue);

    /// <summary>Recipients that the host takes at a time, by what it said or did.</summary>
    internal int MaxRecipients { get; private set; }

    /// <summary>True when a transaction before the present one was answered.</summary>
    internal bool HasServed { get; private set; }

    /// <summary>Runs a transaction. Whatever happens is in the result; cancelling ends the connection.</summary>
    public async Task<TransactionResult> SendAsync(OutboundTransaction transaction, CancellationToken cancellationToken)
    {
        if (needsReset && !channel.IsClosed && !await ResetAsync(cancellationToken).ConfigureAwait(false))
        {
            channel.Close();
        }

        var run = new TransactionRun(this, channel, transaction, options, time, log);
        var result = await run.RunAsync(cancellationToken).ConfigureAwait(false);
        needsReset = run.LeavesRest;
        MaxRecipients = Math.Min(MaxRecipients, run.RecipientsTaken ?? MaxRecipients);
        HasServed |= run.WasAnswered;
        return result;
    }

    /// <summary>MAIL follows.</summary>
    internal void Begin() => begun++;

    /// <summary>
    /// Whether the session may be used after it was idle. A host that said or did anything meanwhile said goodbye; one that was silent for more than two seconds is asked.
    /// </summary>
    public async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        if (!channel.IsQuiet())
        {
            channel.Close();
        }

        return IsUsable && (time.GetElapsedTime(channel.LastReplyAt) <= Fresh || await ResetAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>QUIT, and waits for the host to close, so that it has one connection less when this returns.</summary>
    public async Task QuitAsync(CancellationToken cancellationToken)
    {
        await channel.QuitAsync(options.QuitTimeout, cancellationToken).ConfigureAwait(false);
        await channel.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connection without a word, if it is not ended.</summary>
    public ValueTask DisposeAsync() => channel.DisposeAsync();

    public override string ToString() => $"{HostName}[{Address}] {Tls?.ToString() ?? "in clear"}";

    /// <summary>RSET (RFC 5321 §4.1.1.5). False when the session is over.</summary>
    private async Task<bool> ResetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reply = await channel.AskAsync("RSET", options.RsetTimeout, cancellationToken).ConfigureAwait(false);
            needsReset = false;
            if (reply.Class == 2)
            {
                return true;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            log.BrokeOff(HostName, e.Message);
        }

        channel.Close();
        return false;
    }
}
