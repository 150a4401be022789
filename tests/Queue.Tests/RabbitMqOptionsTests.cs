using System.ComponentModel.DataAnnotations;
using MailCloud.Queue.RabbitMq;
using Microsoft.Extensions.Configuration;

namespace MailCloud.Queue.Tests;

public sealed class RabbitMqOptionsTests
{
    [Fact]
    public void Settings_replace_the_defaults_lists_too()
    {
        var options = Read(("Hosts:0", "one"), ("Hosts:1", "two:5673"), ("DelaySteps:0", "00:00:07"), ("Prefix", "mc"));

        Assert.Equal(["one", "two:5673"], options.Hosts);
        Assert.Equal([TimeSpan.FromSeconds(7)], options.DelaySteps);
        Assert.Equal("mc", options.Prefix);
        Assert.Equal(["localhost"], Read().Hosts);
        Assert.Equal(7, Read().DelaySteps.Count);
    }

    [Theory]
    [InlineData("Hosts:0", "a b")]
    [InlineData("Prefix", "")]
    [InlineData("MaxInFlight", "0")]
    [InlineData("PublishTimeout", "0")]
    [InlineData("SettleGrace", "-00:00:01")]
    [InlineData("DelaySteps:0", "0")]
    public void A_wrong_value_is_named(string name, string value)
    {
        var error = Assert.Throws<ValidationException>(() => Read((name, value)));

        Assert.Contains(name.Split(':')[0], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_that_do_not_ascend_are_refused() => Assert.Throws<ValidationException>(() => Read(("DelaySteps:0", "00:00:02"), ("DelaySteps:1", "00:00:01")));

    [Theory]
    [InlineData(0, "5000ms")]
    [InlineData(5, "5000ms")]
    [InlineData(6, "10000ms")]
    [InlineData(300, "300000ms")]
    [InlineData(3600, "300000ms")]
    public void A_delay_is_rounded_up_to_a_step_and_never_above_the_longest(int seconds, string step) =>
        Assert.Equal($"mailcloud.delay.{step}", new RabbitMqTopology(Read()).StepFor(TimeSpan.FromSeconds(seconds)));

    private static RabbitMqOptions Read(params (string Name, string Value)[] settings) => RabbitMqOptions.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => $"RabbitMq:{s.Name}", s => (string?)s.Value)).Build());
}
