using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials.Sasl;

/// <summary>
/// Salts for names that have no SCRAM verifier: always the same one for a name, so that asking twice does not tell whether the account exists. An account
/// imported with another iteration count than new ones can still be told from these until its verifier is replaced.
/// </summary>
internal sealed class FakeSalt(byte[] secret)
{
    public ScramVerifier VerifierFor(string username) => new(
        Verifiers.Iterations,
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(username))[..ScramVerifier.SaltLength],
        RandomNumberGenerator.GetBytes(ScramVerifier.KeyLength),
        RandomNumberGenerator.GetBytes(ScramVerifier.KeyLength));
}
