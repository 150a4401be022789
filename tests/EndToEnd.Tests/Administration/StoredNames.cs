using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.Journal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.EndToEnd.Tests.Administration;

/// <summary>The names of all journals and blobs in the folder of a server that has ended.</summary>
internal static class StoredNames
{
    public static async Task<IReadOnlyList<string>> ReadAsync(string data)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Embedded:Directory", data)]).Build();
        await using var store = new ServiceCollection().AddEmbeddedStorage(configuration).BuildServiceProvider();
        var names = new List<string>();
        await foreach (var journal in store.GetRequiredService<IJournal>().ListAsync("", CancellationToken.None))
        {
            names.Add(journal);
        }

        await foreach (var blob in store.GetRequiredService<IMessageBlobs>().ListAsync("", CancellationToken.None))
        {
            names.Add(blob.Name);
        }

        return names;
    }
}
