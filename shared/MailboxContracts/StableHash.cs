namespace MailCloud.MailboxContracts;

/// <summary>FNV-1a over chars: the same in every process and build, as string.GetHashCode is not. Which grain holds a key depends on it for ever.</summary>
internal static class StableHash
{
    public static uint Of(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }
}
