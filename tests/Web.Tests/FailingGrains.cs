using System.Collections.Concurrent;

namespace MailCloud.Web.Tests;

/// <summary>Calls of grains that do not get there, as those to a lost silo, or are answered as no grain answers: by the interface, the grain's key and the method.</summary>
public sealed class FailingGrains : IOutgoingGrainCallFilter
{
    private readonly ConcurrentDictionary<(string Grain, string Key, string Method), Fault> failing = new();

    /// <summary>From now on calls of a method of a grain fail, after the first ones.</summary>
    /// <param name="key">Of the grain.</param>
    /// <param name="method">Empty: any.</param>
    /// <param name="let">How many get there before.</param>
    public Fault Fail<TGrain>(string key, string method = "", int let = 0) => Add((typeof(TGrain).Name, key, method), name => new(() => failing.TryRemove(name, out _), let, isNothing: false));

    /// <summary>From now on a method that gives an object gives none, which nobody expects.</summary>
    public Fault GiveNothing<TGrain>(string key, string method) => Add((typeof(TGrain).Name, key, method), name => new(() => failing.TryRemove(name, out _), 0, isNothing: true));

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        var (grain, key) = (context.InterfaceMethod.DeclaringType!.Name, context.TargetId.Key.ToString()!);
        if ((failing.GetValueOrDefault((grain, key, context.InterfaceMethod.Name)) ?? failing.GetValueOrDefault((grain, key, ""))) is not { } fault || fault.Lets())
        {
            return context.Invoke();
        }

        if (fault.IsNothing)
        {
            context.Result = null;
            return Task.CompletedTask;
        }

        // Of a kind that is given up soon, so that tests do not wait for a patience of minutes.
        throw new InvalidOperationException("out of reach");
    }

    private Fault Add((string, string, string) name, Func<(string, string, string), Fault> make) => failing[name] = make(name);

    /// <summary>Disposing it lets calls through again.</summary>
    public sealed class Fault(Action end, int let, bool isNothing) : IDisposable
    {
        private readonly SemaphoreSlim failed = new(0);
        private int left = let;

        internal bool IsNothing => isNothing;

        /// <summary>Until a call has failed that was not waited for yet.</summary>
        public async Task FailedAsync() => Assert.True(await failed.WaitAsync(TimeSpan.FromSeconds(30)));

        public void Dispose()
        {
            end();
            failed.Dispose();
        }

        internal bool Lets()
        {
            if (Interlocked.Decrement(ref left) >= 0)
            {
                return true;
            }

            failed.Release();
            return false;
        }
    }
}
