using System.Buffers;
using System.Buffers.Text;
using MailCloud.Credentials;
using MailCloud.Credentials.Sasl;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Login;

/// <summary>How an attempt to log in ended.</summary>
internal enum LoginVerdict
{
    /// <summary>Wrong credentials, for whatever reason: the client is told no more.</summary>
    Refused = 0,

    /// <summary>The client is who it says, and its account is known.</summary>
    LoggedIn = 1,

    /// <summary>The client is who it says, and asked to act as somebody else (RFC 4422 §2): nobody may.</summary>
    NotAnotherUser = 2,
}

/// <param name="Verdict">How it ended.</param>
/// <param name="Account">The account; meaningless unless the client is logged in.</param>
internal readonly record struct LoginOutcome(LoginVerdict Verdict, AccountId Account = default);

/// <summary>One attempt to log in, by a password or by a SASL exchange, whatever the protocol around it.</summary>
internal sealed class LoginAttempt(IGrainFactory grains, GrainCalls calls, PasswordCheck passwords, SaslMechanisms mechanisms)
{
    private readonly AccountLookup lookup = new(grains, calls);

    /// <summary>IMAP's LOGIN and POP3's PASS.</summary>
    /// <exception cref="MailboxUnavailableException">The directory did not answer.</exception>
    public async ValueTask<LoginOutcome> CheckPasswordAsync(string username, string password, CancellationToken cancellationToken)
    {
        var verdict = await passwords.CheckAsync(username, password, lookup.FindAsync, cancellationToken).ConfigureAwait(false);
        return verdict.IsRight ? await FinishAsync("", verdict.Rehash, cancellationToken).ConfigureAwait(false) : new(LoginVerdict.Refused);
    }

    /// <summary>Starts a SASL exchange; null when the mechanism is not offered.</summary>
    public SaslExchange? StartExchange(string mechanism, ChannelBindings bindings, bool passwordsAllowed) =>
        SaslMechanisms.Offered(bindings, passwordsAllowed).Contains(mechanism, StringComparer.OrdinalIgnoreCase)
            ? mechanisms.Start(mechanism, bindings, lookup.FindAsync)
            : null;

    /// <summary>What follows from the end of the exchange.</summary>
    /// <exception cref="MailboxUnavailableException">The directory did not answer.</exception>
    public ValueTask<LoginOutcome> FinishAsync(SaslStep.Authenticated step, CancellationToken cancellationToken) =>
        FinishAsync(step.AuthorizationId, step.Rehash, cancellationToken);

    /// <summary>A SASL response as protocols write it, in base64 with its padding; false when it is not that.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> base64, out ReadOnlyMemory<byte> response)
    {
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        var isDone = Base64.DecodeFromUtf8(base64, octets, out var used, out var written) == OperationStatus.Done && used == base64.Length;
        response = octets.AsMemory(0, written);
        return isDone;
    }

    private async ValueTask<LoginOutcome> FinishAsync(string authorizationId, VerifierChange? rehash, CancellationToken cancellationToken)
    {
        if (!lookup.IsSelf(authorizationId) || lookup.Account is not { } account)
        {
            return new(LoginVerdict.NotAnotherUser);
        }

        await lookup.ReplaceAsync(rehash, cancellationToken).ConfigureAwait(false);
        return new(LoginVerdict.LoggedIn, account);
    }
}
