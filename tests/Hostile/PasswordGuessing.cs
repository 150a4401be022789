namespace MailCloud.Hostile;

/// <summary>Many connections that guess at once: each guess costs the server a key derivation, and the client nothing.</summary>
public static class PasswordGuessing
{
    private const int GuessesEach = 5;

    /// <summary>A session each; what waits for a key derivation is a name and a password.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } = [new("password guessing", 100, OctetsEach, RunAsync)];

    private static Task RunAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        using var peer = await Peer.GreetedAsync(target, target.Imap, cancellationToken);
        for (var guess = 0; guess < GuessesEach; guess++)
        {
            // Half of them at an account that nobody else uses here, half at names that do not exist.
            await peer.SendAsync($"a LOGIN {(i % 2 == 0 ? $"nobody{i}@example.test" : Target.Bob)} guess-{i}-{guess}\r\n", cancellationToken);
            var line = await peer.LineAsync(cancellationToken);
            if (line is null || line.StartsWith("* BYE ", StringComparison.Ordinal))
            {
                // So many at once that their time to log in is over.
                break;
            }

            Attack.Expect("a guess", "a NO [", line);
        }

        await peer.UntilClosedAsync(cancellationToken);
    });
}
