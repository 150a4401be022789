using System.Net;

namespace MailCloud.Credentials.Guessing;

/// <summary>One attempt to log in. It ends in exactly one of three ways, the first that is told; who leaves before counts as having failed.</summary>
internal sealed class GuessAttempt(GuessLimits limits, IPNetwork network, bool isUnlimited)
{
    private bool ended;

    /// <summary>The client's network, as those of one subscriber.</summary>
    public IPNetwork Network => network;

    /// <summary>Too many wait before it: it is not checked at all.</summary>
    public bool IsRefused { get; set; }

    /// <summary>The same password as lately from there, checked or about to be.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>The account has logged in from this network lately.</summary>
    public bool IsKnown { get; set; }

    /// <summary>Not a stranger to the account: its key derivation goes before those of strangers.</summary>
    public bool IsTrusted => isUnlimited || IsKnown;

    /// <summary>Until its check.</summary>
    public TimeSpan Wait { get; set; }

    /// <summary>The part of it that comes from the client's own network, and not from what others did to the account.</summary>
    public TimeSpan OwnWait { get; set; }

    internal UInt128 Account { get; init; }

    internal UInt128 Pair { get; init; }

    internal UInt128 HostKey { get; init; }

    internal UInt128 BlockKey { get; init; }

    internal Strikes.Guess? Guess { get; set; }

    /// <summary>The verifier for which <see cref="IsKnownWrong"/> holds.</summary>
    internal string? Verifier { get; init; }

    /// <summary>The same password was checked against this verifier lately, and was wrong.</summary>
    public bool IsKnownWrong(string? verifier) => Guess is { IsWrong: true } && verifier == Verifier;

    public void Succeeded()
    {
        if (End())
        {
            limits.Succeeded(this);
        }
    }

    public Slowed Failed() => End() ? limits.Failed(this) : Slowed.Nothing;

    /// <summary>It could not be checked, and that was not the client's doing.</summary>
    public void GiveBack()
    {
        if (End())
        {
            limits.GivenBack(this);
        }
    }

    private bool End()
    {
        var first = !ended && !IsRefused && !isUnlimited;
        ended = true;
        return first;
    }
}
