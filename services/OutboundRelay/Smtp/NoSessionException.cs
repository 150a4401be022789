namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Why one address gave no session, the least telling first.</summary>
internal enum NoSession
{
    /// <summary>It did not answer the connection.</summary>
    Unreachable = 0,

    /// <summary>It broke off, was too slow, or does not speak SMTP.</summary>
    Broken = 1,

    /// <summary>It does not want us, now or for ever.</summary>
    Refused = 2,

    /// <summary>It did not let us log in.</summary>
    Login = 3,

    /// <summary>TLS did not give what is demanded.</summary>
    Tls = 4,
}

/// <summary>This address gives no session; the next is tried.</summary>
/// <param name="kind">Why.</param>
/// <param name="permanent">Whether another attempt would end the same, by what the host said or by what the sender demands.</param>
/// <param name="status">Enhanced status code.</param>
/// <param name="reply">The reply that it stands for, one line.</param>
/// <param name="host">The host whose own reply it is; null when it is ours.</param>
internal sealed class NoSessionException(NoSession kind, bool permanent, string status, string reply, string? host = null) : Exception(reply)
{
    public NoSession Kind => kind;

    public bool IsPermanent => permanent;

    /// <summary>421 or another 4xx: fewer connections would be better.</summary>
    public bool IsTooMuch => kind == NoSession.Refused && !permanent;

    public RelayOutcome Outcome => permanent ? new RelayOutcome.Failed(status, Message, host) : Deferred;

    /// <summary>The same when another address may do better.</summary>
    public RelayOutcome.Deferred Deferred => new(permanent ? $"4{status[1..]}" : status, Message, host);
}
