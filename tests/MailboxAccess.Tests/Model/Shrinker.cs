namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>Makes a script that fails short: parts are left out, from halves down to single steps, as long as the rest still fails.</summary>
internal static class Shrinker
{
    public static async Task<IReadOnlyList<T>> ShrinkAsync<T>(IReadOnlyList<T> script, Func<IReadOnlyList<T>, Task<bool>> fails)
    {
        for (var size = script.Count / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= script.Count;)
            {
                IReadOnlyList<T> shorter = [.. script.Take(at), .. script.Skip(at + size)];
                if (await fails(shorter))
                {
                    script = shorter;
                }
                else
                {
                    at += size;
                }
            }
        }

        return script;
    }
}
