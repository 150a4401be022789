using MailCloud.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Testing;

/// <summary>What becomes of one append.</summary>
public enum AppendFault
{
    None,

    /// <summary>It is not made.</summary>
    NotWritten,

    /// <summary>It is made, and nobody hears of it.</summary>
    AnswerLost,
}

/// <summary>A journal whose appends fail where a test says so.</summary>
/// <param name="inner">The real one.</param>
/// <param name="next">Asked for each append, by the journal's name and the head that the caller saw.</param>
public sealed class FailingAppends(IJournal inner, Func<string, JournalHead, AppendFault> next) : IJournal
{
    public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

    public async ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        var fault = next(journal, head);
        if (fault == AppendFault.NotWritten)
        {
            throw new IOException("the store did not take the write");
        }

        var appended = await inner.AppendAsync(journal, head, events, cancellationToken);
        return fault == AppendFault.AnswerLost ? throw new TimeoutException("the store took the write, and its answer was lost") : appended;
    }

    public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) =>
        inner.ReplaceAsync(journal, head, manifest, cancellationToken);

    public Task DeleteAsync(string journal, CancellationToken cancellationToken) => inner.DeleteAsync(journal, cancellationToken);

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
}

public static class FailingAppendsHost
{
    /// <summary>Puts a journal whose appends fail before the one that is registered.</summary>
    public static void FailAppends(this IServiceCollection services, Func<string, JournalHead, AppendFault> next)
    {
        var real = services.Last(service => service.ServiceType == typeof(IJournal));
        services.AddSingleton<IJournal>(provider => new FailingAppends((IJournal)ActivatorUtilities.CreateInstance(provider, real.ImplementationType!), next));
    }
}
