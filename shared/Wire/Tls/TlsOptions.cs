namespace MailCloud.Wire.Tls;

/// <summary>Section <c>Tls</c>.</summary>
public sealed record TlsOptions
{
    /// <summary>Folder of PEM pairs <c>NAME.crt</c> (leaf first, then its chain) and <c>NAME.key</c>. Empty: no TLS is offered.</summary>
    public string Directory { get; init; } = "";

    /// <summary>
    /// How often at most the folder is looked at for changes. A look costs one listing; ten seconds is soon enough for a renewal that comes days before
    /// the old certificate ends. (Times are compared, not watched: secrets mounted in Kubernetes change by a symbolic link, which a watcher misses.)
    /// </summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(10);
}
