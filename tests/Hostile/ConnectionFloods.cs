namespace MailCloud.Hostile;

/// <summary>Connections opened and closed by the thousand, and many that are open at once: descriptors must come back.</summary>
public static class ConnectionFloods
{
    // How many are being opened at a time.
    private const int AtOnce = 50;

    /// <summary>One that is open: its session, its buffers and, inside TLS, the TLS state.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("connections opened and closed", 4000, 1024, ChurnAsync),
        new("connections open at once", 1400, OctetsEach, HeldAsync),
    ];

    /// <summary>A third hang up at once by RST, a third after the greeting, a third say goodbye.</summary>
    private static Task ChurnAsync(Target target, int size, CancellationToken cancellationToken)
    {
        var next = 0;
        return Attack.ManyAsync(AtOnce, async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) <= size;)
            {
                var port = target.Ports[i % target.Ports.Count];
                using var peer = await Peer.ConnectBareAsync(port, cancellationToken);
                if (i % 3 == 0 || port.IsTls)
                {
                    continue;
                }

                if (port.Greeting.Length > 0)
                {
                    await peer.ExpectAsync(port.Greeting, cancellationToken);
                }

                if (i % 3 == 1)
                {
                    peer.EndSending();
                    await peer.UntilClosedAsync(cancellationToken);
                }
            }
        });
    }

    private static async Task HeldAsync(Target target, int size, CancellationToken cancellationToken)
    {
        using var gate = new SemaphoreSlim(AtOnce);
        using var ready = new CountdownEvent(size);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Attack.ManyAsync(size, async i =>
        {
            await gate.WaitAsync(cancellationToken);
            Peer peer;
            try
            {
                peer = await Peer.GreetedAsync(target, target.Ports[i % target.Ports.Count], cancellationToken);
            }
            finally
            {
                gate.Release();
            }

            using (peer)
            {
                if (ready.Signal())
                {
                    all.SetResult();
                }

                await all.Task.WaitAsync(cancellationToken);
            }
        });
    }
}
