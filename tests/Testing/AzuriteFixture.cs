using Xunit;

namespace MailCloud.Testing;

/// <summary>One storage service for all tests of a class; each takes a container of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite azurite = null!;

    public int Port => azurite.Port;

    public async Task InitializeAsync() => azurite = await Azurite.StartAsync();

    public async Task DisposeAsync() => await azurite.DisposeAsync();
}
