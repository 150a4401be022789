using System.Diagnostics;
using System.Text.Json;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>Debian's dkimpy, in a process of its own, told the records instead of asking a name server.</summary>
internal sealed class Dkimpy : IAsyncDisposable
{
    private const string Script = """
        import base64, json, sys
        import dkim
        for line in sys.stdin:
            asked = json.loads(line)
            records = asked["records"]
            def find(name, timeout=5):
                return records.get(name.decode().rstrip(".")).encode()
            message = base64.b64decode(asked["message"])
            try:
                headers = dkim.DKIM(message).headers
            except dkim.MessageFormatError as e:
                print("null", flush=True)
                continue
            count = sum(1 for name, _ in headers if name.lower() == b"dkim-signature")
            def holds(i):
                try:
                    return bool(dkim.DKIM(message).verify(idx=i, dnsfunc=find))
                except dkim.DKIMException as e:
                    print(e, file=sys.stderr)
                    return False
            print(json.dumps([holds(i) for i in range(count)]), flush=True)
        """;

    private readonly Process python;
    private readonly Task<string> errors;

    public Dkimpy()
    {
        // Debian's python, which has Debian's modules; another may come first in the path.
        python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        errors = python.StandardError.ReadToEndAsync();
    }

    /// <summary>For each message, whether each of its signatures holds; null for one with a header that dkimpy does not read.</summary>
    public async Task<List<bool[]?>> VerifyAsync(IEnumerable<byte[]> messages, Dictionary<string, string> records)
    {
        var answers = new List<bool[]?>();
        foreach (var message in messages)
        {
            await python.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { message = Convert.ToBase64String(message), records }));
            await python.StandardInput.FlushAsync();
            var answer = await python.StandardOutput.ReadLineAsync();
            answers.Add(JsonSerializer.Deserialize<bool[]?>(answer ?? throw new InvalidOperationException(await errors)));
        }

        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        python.StandardInput.Close();
        await python.WaitForExitAsync();
        python.Dispose();
    }
}

/// <summary>MimeKit's verifier. It takes a message apart and verifies what it puts together again, so that it can say something only of mail of which that is the same.</summary>
internal sealed class MimeKitVerifier(Dictionary<string, string> records) : DkimPublicKeyLocatorBase
{
    /// <summary>For each signature, whether it holds; null for a message that MimeKit does not write as it has read it.</summary>
    public bool[]? Verify(byte[] octets)
    {
        var message = MimeMessage.Load(new MemoryStream(octets));
        using var written = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, written);
        if (!written.ToArray().AsSpan().SequenceEqual(octets))
        {
            return null;
        }

        var verifier = new DkimVerifier(this);
        verifier.Enable(DkimSignatureAlgorithm.Ed25519Sha256);
        return [.. message.Headers.Where(header => header.Id == HeaderId.DkimSignature).Select(signature => verifier.Verify(message, signature))];
    }

    public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
        GetPublicKey(records[$"{selector}._domainkey.{domain}"]);

    public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
        Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
}
