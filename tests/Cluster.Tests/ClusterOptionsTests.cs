using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace MailCloud.Cluster.Tests;

public sealed class ClusterOptionsTests
{
    [Theory]
    [InlineData("Redis", "", "Cluster:Redis")]
    [InlineData("Id", "", "Cluster:Id")]
    [InlineData("Silo", "host:1", "Cluster:Silo")]
    [InlineData("Gateway", "10.0.0.1:30000", "one address")]
    [InlineData("Gateway", "127.0.0.1:11111", "two ports")]
    public void What_is_wrong_is_said_at_the_start(string name, string value, string complaint)
    {
        var settings = new Dictionary<string, string?> { ["Cluster:Redis"] = "127.0.0.1:6379", [$"Cluster:{name}"] = value };
        var e = Assert.Throws<ValidationException>(() => ClusterOptions.From(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-00:00:01")]
    [InlineData("00:01:00.1")]
    public void Nobody_repeats_a_call_for_longer_than_mailboxes_remember_it(string patience)
    {
        var settings = new Dictionary<string, string?> { ["Cluster:Patience"] = patience };
        Assert.Throws<ValidationException>(() => ClusterOptions.PatienceFrom(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));
    }
}
