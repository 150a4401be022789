using System.Globalization;

namespace MailCloud.Journal.Azure;

/// <summary>
/// What a journal's blob says of itself, set when it is made or made anew and never changed: how often it was replaced, the manifest that stands for what it held, and which
/// call made it, by which a call whose answer was lost recognises its own work.
/// </summary>
internal sealed record JournalMetadata(long Epoch, string? Manifest, string Call)
{
    private const string EpochKey = "epoch";
    private const string ManifestKey = "manifest";
    private const string CallKey = "call";

    public static JournalMetadata New(long epoch, string? manifest) => new(epoch, manifest, Guid.NewGuid().ToString("N"));

    public static JournalMetadata Read(IDictionary<string, string> metadata) => new(
        long.Parse(metadata[EpochKey], CultureInfo.InvariantCulture),
        metadata.TryGetValue(ManifestKey, out var manifest) ? Uri.UnescapeDataString(manifest) : null,
        metadata[CallKey]);

    public Dictionary<string, string> ToDictionary()
    {
        var metadata = new Dictionary<string, string> { [EpochKey] = Epoch.ToString(CultureInfo.InvariantCulture), [CallKey] = Call };
        if (Manifest is not null)
        {
            metadata[ManifestKey] = Uri.EscapeDataString(Manifest);
        }

        return metadata;
    }
}
