using Microsoft.Extensions.Configuration;

namespace MailCloud.AzureStorage.Tests;

public sealed class AzureStorageOptionsTests
{
    [Fact]
    public void A_connection_string_or_an_address_is_enough()
    {
        Assert.Equal("UseDevelopmentStorage=true", From(("ConnectionString", "UseDevelopmentStorage=true")).ConnectionString);
        Assert.Equal("https://a.blob.core.windows.net/", From(("ServiceUri", "https://a.blob.core.windows.net")).ServiceUri!.ToString());
    }

    [Fact]
    public void Values_are_read()
    {
        var options = From(
            ("ServiceUri", "https://a.blob.core.windows.net"), ("ManagedIdentityClientId", "id"), ("BlobContainer", "b"), ("JournalContainer", "j"), ("MaxRetries", "2"),
            ("RetryDelay", "00:00:01"), ("NetworkTimeout", "00:00:05"));

        Assert.Equal(
            ("id", "b", "j", 2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)),
            (options.ManagedIdentityClientId, options.BlobContainer, options.JournalContainer, options.MaxRetries, options.RetryDelay, options.NetworkTimeout));
    }

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var error = Assert.Throws<InvalidOperationException>(() => From(
            ("ServiceUri", "http://a.blob.core.windows.net"), ("ConnectionString", "UseDevelopmentStorage=true"), ("BlobContainer", "x"), ("JournalContainer", "x"), ("MaxRetries", "11"),
            ("RetryDelay", "00:00:00")));

        foreach (var part in (string[])["ServiceUri is not an https address", "one of AzureStorage:ConnectionString and", "two containers", "MaxRetries is 11", "above zero"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_an_account_nothing_starts() => Assert.Throws<InvalidOperationException>(() => From());

    private static AzureStorageOptions From(params (string Name, string Value)[] values) =>
        AzureStorageOptions.From(new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create("AzureStorage:" + v.Name, (string?)v.Value))).Build());
}
