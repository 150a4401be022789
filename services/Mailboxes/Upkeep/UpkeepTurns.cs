using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Takes turns of <see cref="IUpkeepTurnsGrain"/> for work of this process.</summary>
internal sealed class UpkeepTurns(IGrainFactory grains, TimeProvider time)
{
    private static readonly TimeSpan askedAgainAfter = TimeSpan.FromSeconds(5);

    /// <summary>Null: work of the other kind has it.</summary>
    public async Task<UpkeepTurn?> TryBeginAsync(UpkeepWork work)
    {
        var turn = new UpkeepTurn(grains.GetGrain<IUpkeepTurnsGrain>(0), work, time);
        if (await turn.TakeAsync())
        {
            return turn;
        }

        await turn.DisposeAsync();
        return null;
    }

    /// <summary>Waits until it is this work's turn.</summary>
    public async Task<UpkeepTurn> BeginAsync(UpkeepWork work, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await TryBeginAsync(work) is { } turn)
            {
                return turn;
            }

            await Task.Delay(askedAgainAfter, time, cancellationToken);
        }
    }
}

/// <summary>A turn under way, prolonged each minute until it is disposed of.</summary>
internal sealed class UpkeepTurn : IAsyncDisposable
{
    private const int Attempts = 5;

    private static readonly TimeSpan prolongedAfter = TimeSpan.FromMinutes(1);

    private readonly Guid id = Guid.NewGuid();
    private readonly IUpkeepTurnsGrain turns;
    private readonly UpkeepWork work;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private Task prolonging = Task.CompletedTask;
    private long takenAt;

    public UpkeepTurn(IUpkeepTurnsGrain turns, UpkeepWork work, TimeProvider time) => (this.turns, this.work, this.time) = (turns, work, time);

    /// <summary>Before each step that stands on the turn. Half of its time is left for the step.</summary>
    /// <exception cref="UpkeepTurnLostException">It could not be prolonged in time.</exception>
    public void ThrowIfLost()
    {
        if (time.GetElapsedTime(takenAt) > IUpkeepTurnsGrain.Lasts / 2)
        {
            throw new UpkeepTurnLostException(work);
        }
    }

    public async Task<bool> TakeAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var before = time.GetTimestamp();
                if (!await turns.TakeAsync(id, work))
                {
                    return false;
                }

                takenAt = before;
                prolonging = ProlongAsync();
                return true;
            }
            catch (Exception e) when (e is not OperationCanceledException && attempt < Attempts)
            {
                // In doubt: taking the same turn again changes nothing.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await prolonging;
        ending.Dispose();
        try
        {
            await turns.EndAsync(id);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It ends by itself.
        }
    }

    private async Task ProlongAsync()
    {
        using var timer = new PeriodicTimer(prolongedAfter, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                await TryProlongAsync();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task TryProlongAsync()
    {
        try
        {
            var before = time.GetTimestamp();
            if (await turns.TakeAsync(id, work))
            {
                takenAt = before;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It is tried again in a minute, and the work ends when that is too late.
        }
    }
}

/// <summary>Other upkeep may have begun that this one excludes.</summary>
internal sealed class UpkeepTurnLostException(UpkeepWork work) : Exception($"the turn of this {work} could not be prolonged in time");
