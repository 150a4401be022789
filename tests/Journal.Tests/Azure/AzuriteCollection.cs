using MailCloud.Testing;

namespace MailCloud.Journal.Tests.Azure;

/// <summary>One storage service for all tests; each has a container of its own.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<AzuriteFixture>
{
    public const string Name = "Azurite";
}

public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite azurite = null!;

    public async Task InitializeAsync() => azurite = await Azurite.StartAsync();

    public async Task DisposeAsync() => await azurite.DisposeAsync();

    internal JournalContainer NewContainer() => new(azurite.Port);
}
