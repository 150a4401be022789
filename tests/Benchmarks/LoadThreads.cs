namespace MailCloud.Benchmarks;

/// <summary>Clients with blocking sockets, each on its own thread.</summary>
internal static class LoadThreads
{
    private const int StackBytes = 256 * 1024;

    /// <summary>Runs clients 0 to <paramref name="count"/> - 1 at once; fails as the first of them that fails.</summary>
    public static Task RunAsync(int count, Action<int> client) => Task.WhenAll(Enumerable.Range(0, count).Select(i => OnOwnThread(() => client(i))));

    private static Task OnOwnThread(Action run)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
                try
                {
                    run();
                    end.SetResult();
                }
                catch (Exception failure)
                {
                    end.SetException(failure);
                }
            },
            StackBytes)
        { IsBackground = true }.Start();
        return end.Task;
    }
}
