namespace MailCloud.Benchmarks;

/// <summary>What a connection costs in memory while its client does nothing: the growth of the server's memory over many of them, each in an account of its own.</summary>
/// <param name="server">The server's processes, just started.</param>
/// <param name="settle">Time before memory is read.</param>
internal sealed class IdleMemory<T>(ProcessTree server, TimeSpan settle)
    where T : IDisposable
{
    private const int Openers = 10;

    /// <summary>Opens the connection of a user, and brings it to where it idles.</summary>
    public required Func<int, T> Open { get; init; }

    /// <summary>Ends a connection of before.</summary>
    public required Action<T> End { get; init; }

    /// <param name="before">Connections opened and ended before: what the first ones make for all is not counted.</param>
    /// <param name="count">Connections that are measured.</param>
    public async Task MeasureAsync(int before, int count, string name, string row, Figures figures)
    {
        foreach (var connection in await OpenAsync(before))
        {
            End(connection);
        }
        await Task.Delay(settle);
        var memory = server.Memory();

        var connections = await OpenAsync(count);
        await Task.Delay(settle);
        var growth = server.Memory() - memory;
        Console.Error.WriteLine($"  {name}: {memory / 1e6:F0} MB before, {growth / 1e6:F0} MB more with {count} connections");
        figures.Add(name, row, growth / 1000.0 / count, "F1");
        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    private async Task<T[]> OpenAsync(int count)
    {
        var connections = new T[count];
        await LoadThreads.RunAsync(Openers, opener =>
        {
            for (var user = opener; user < count; user += Openers)
            {
                connections[user] = Open(user);
            }
        });
        return connections;
    }
}
