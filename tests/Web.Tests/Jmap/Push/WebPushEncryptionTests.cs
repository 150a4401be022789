using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Web.Jmap.Push.Subscriptions;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Encryption for push services (RFC 8291): its own example, and back again.</summary>
public sealed class WebPushEncryptionTests
{
    // RFC 8291 §5 and Appendix A.
    private const string SenderPrivate = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    private const string SenderPublic = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    private const string ReceiverPrivate = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    private const string ReceiverPublic = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    private const string Auth = "BTBZMqHH6r4Tts7J_aSIgg";
    private const string Salt = "DGv6ra1nlYgDCS1FRnbzlw";
    private const string Text = "When I grow up, I want to be a watermelon";

    private const string Message =
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    [Fact]
    public void The_example_of_the_rfc_is_encrypted_as_there()
    {
        using var sender = KeyOf(SenderPublic, SenderPrivate);
        var message = WebPushEncryption.Encrypt(Encoding.ASCII.GetBytes(Text), Octets(ReceiverPublic), Octets(Auth), sender, Octets(Salt));
        Assert.Equal(Message, Base64Url.EncodeToString(message));
    }

    [Fact]
    public void The_example_of_the_rfc_is_decrypted()
    {
        using var receiver = KeyOf(ReceiverPublic, ReceiverPrivate);
        Assert.Equal(Text, Encoding.ASCII.GetString(WebPushEncryption.Decrypt(Octets(Message), receiver, Octets(Auth))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3000)]
    public void What_is_encrypted_comes_back(int length)
    {
        using var receiver = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var (q, auth, text) = (receiver.ExportParameters(false).Q, RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(length));
        byte[] key = [4, .. q.X!, .. q.Y!];
        Assert.True(WebPushEncryption.IsPublicKey(key));
        var message = WebPushEncryption.Encrypt(text, key, auth);
        Assert.NotEqual(message, WebPushEncryption.Encrypt(text, key, auth));
        Assert.Equal(text, WebPushEncryption.Decrypt(message, receiver, auth));
        message[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => WebPushEncryption.Decrypt(message, receiver, auth));
    }

    [Fact]
    public void Points_that_are_not_on_the_curve_are_no_keys()
    {
        var key = Octets(ReceiverPublic);
        Assert.True(WebPushEncryption.IsPublicKey(key));
        Assert.False(WebPushEncryption.IsPublicKey(key[..64]));
        key[0] = 2;
        Assert.False(WebPushEncryption.IsPublicKey(key));
        key[0] = 4;
        key[64] ^= 1;
        Assert.False(WebPushEncryption.IsPublicKey(key));
    }

    private static ECDiffieHellman KeyOf(string point, string secret) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = Octets(point)[1..33], Y = Octets(point)[33..] },
        D = Octets(secret),
    });

    private static byte[] Octets(string text) => Base64Url.DecodeFromChars(text);
}
