using System.Collections.Frozen;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MailCloud.Wire.Tls;

/// <summary>A certificate that can be served, with its chain.</summary>
public sealed record ServerCertificate(string Name, X509Certificate2 Leaf, SslStreamCertificateContext Context);

/// <summary>
/// The certificates of a folder, chosen by the name that the client asks for (SNI, RFC 6066 §3). Changed files are taken up without a restart; connections
/// that stand keep the certificate they began with, and while a changed pair cannot be read its old certificate stays in use.
/// </summary>
public sealed partial class CertificateStore(IOptions<TlsOptions> options, TimeProvider time, ILogger<CertificateStore> log)
{
    private const string Fallback = "default";

    private readonly TlsOptions options = options.Value;
    private readonly Lock loading = new();
    private volatile Loaded? current;

    /// <summary>True when there is a certificate, so that TLS can be offered.</summary>
    public bool HasCertificate => Current().Pairs.Count > 0;

    /// <summary>When the first of those that are served expires; null when there is none.</summary>
    public DateTimeOffset? FirstExpiry => Current().Pairs.Values.Min(pair => (DateTimeOffset?)pair.Leaf.NotAfter);

    /// <summary>
    /// The certificate for a host name: one that carries the name, else one whose wildcard covers it, else the pair called <c>default</c>, else the first by name.
    /// Null when the folder has none.
    /// </summary>
    public ServerCertificate? Select(string? hostName)
    {
        var loaded = Current();
        var name = hostName?.TrimEnd('.').ToLowerInvariant() ?? "";
        if (loaded.ByHost.TryGetValue(name, out var exact))
        {
            return exact;
        }

        // RFC 9525 §6.3: a wildcard stands for one whole left-most label.
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && loaded.ByHost.TryGetValue("*" + name[dot..], out var wildcard) ? wildcard : loaded.Default;
    }

    private Loaded Current()
    {
        var seen = current;
        if (seen is not null && time.GetElapsedTime(seen.LookedAt) < options.ReloadInterval)
        {
            return seen;
        }

        lock (loading)
        {
            if (current is null || ReferenceEquals(current, seen))
            {
                current = Look(current);
            }

            return current;
        }
    }

    private Loaded Look(Loaded? before)
    {
        var files = Files();
        var now = time.GetTimestamp();
        if (before is not null && before.Files.SequenceEqual(files))
        {
            return before with { LookedAt = now };
        }

        var pairs = new SortedDictionary<string, ServerCertificate>(StringComparer.Ordinal);
        foreach (var name in files.Where(f => f.Name.EndsWith(".crt", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f.Name)))
        {
            if (TryLoad(name) is { } pair)
            {
                pairs.Add(name, pair);
            }
            else if (before is not null && before.Pairs.TryGetValue(name, out var old))
            {
                pairs.Add(name, old);
            }
        }

        CertificatesLoaded(log, pairs.Count, options.Directory);
        return new(now, files, pairs, HostNames(pairs.Values), pairs.GetValueOrDefault(Fallback) ?? pairs.Values.FirstOrDefault());
    }

    private FileStamp[] Files()
    {
        if (options.Directory.Length == 0 || !Directory.Exists(options.Directory))
        {
            return [];
        }

        return
        [
            .. new DirectoryInfo(options.Directory).EnumerateFiles()
                .Where(f => f.Extension is ".crt" or ".key")
                .Select(f => f.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? (f.Name, Target: target) : (f.Name, Target: f))
                .Select(f => new FileStamp(f.Name, f.Target.FullName, f.Target.LastWriteTimeUtc, f.Target.Exists ? f.Target.Length : 0))
                .OrderBy(f => f.Name, StringComparer.Ordinal),
        ];
    }

    private ServerCertificate? TryLoad(string name)
    {
        var path = Path.Combine(options.Directory, name);
        try
        {
            var leaf = X509Certificate2.CreateFromPemFile(path + ".crt", path + ".key");
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path + ".crt");
            return new(name, leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Half a renewal, or no key beside it: the next look finds the rest.
            CertificateUnreadable(log, name, e);
            return null;
        }
    }

    private static FrozenDictionary<string, ServerCertificate> HostNames(IEnumerable<ServerCertificate> pairs)
    {
        var hosts = new Dictionary<string, ServerCertificate>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var names = pair.Leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames());
            foreach (var host in names.Append(pair.Name == Fallback ? "" : pair.Name).Where(h => h.Length > 0))
            {
                hosts.TryAdd(host.ToLowerInvariant(), pair);
            }
        }

        return hosts.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [LoggerMessage(8001, LogLevel.Information, "{Count} certificates loaded from {Directory}")]
    private static partial void CertificatesLoaded(ILogger log, int count, string directory);

    [LoggerMessage(8002, LogLevel.Warning, "certificate {Name} cannot be read")]
    private static partial void CertificateUnreadable(ILogger log, string name, Exception error);

    private sealed record Loaded(
        long LookedAt,
        FileStamp[] Files,
        SortedDictionary<string, ServerCertificate> Pairs,
        FrozenDictionary<string, ServerCertificate> ByHost,
        ServerCertificate? Default);

    private readonly record struct FileStamp(string Name, string Target, DateTime WrittenAt, long Length);
}
