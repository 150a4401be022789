namespace MailCloud.Hostile;

/// <summary>One way to hurt a server.</summary>
/// <param name="Name">As figures and failures name it.</param>
/// <param name="Size">How many connections, or whatever it counts, in an ordinary run.</param>
/// <param name="OctetsEach">How many octets of the server's memory one of these may take.</param>
/// <param name="RunAsync">
/// Attacks, with so many, until all of it has come to the end that is documented: an answer, or that the server hangs up. Anything else is an
/// <see cref="UnexpectedAnswerException"/>.
/// </param>
public sealed record Attack(string Name, int Size, long OctetsEach, Func<Target, int, CancellationToken, Task> RunAsync)
{
    /// <summary>
    /// What an attack may add to the server's resident memory whatever its size: the heap that .NET's collector lets grow before it collects, and the
    /// thread pool's threads.
    /// </summary>
    public const long Slack = 96L * 1024 * 1024;

    /// <summary>What an attack of this size may add to the server's resident memory, in octets.</summary>
    public long Bound(int size) => Slack + (size * OctetsEach);

    /// <summary>Runs the same on many connections at once.</summary>
    internal static Task ManyAsync(int count, Func<int, Task> one) => Task.WhenAll(Enumerable.Range(0, count).Select(one));

    internal static void Expect(string what, string start, string? line)
    {
        if (line is null || !line.StartsWith(start, StringComparison.Ordinal))
        {
            throw new UnexpectedAnswerException($"{what}: expected \"{start}\" and got \"{line}\"");
        }
    }
}
