using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Cluster.Tests;

public sealed class PodTests
{
    private static readonly ClusterOptions options = new() { Redis = "127.0.0.1:6379", Id = "mail", Silo = "10.0.0.7:11111", Gateway = "10.0.0.7:30000", Kubernetes = true };

    private static readonly Pod pod = new() { Name = "mailboxes-x", Namespace = "mail", Address = "10.0.0.7", ServiceId = "mail", ClusterId = "mail", ApiServer = "10.96.0.1" };

    [Fact]
    public void A_pod_that_agrees_with_the_options_is_one() => pod.Require(options);

    [Fact]
    public void What_our_options_say_already_need_not_be_given() => (pod with { Address = null, ServiceId = null, ClusterId = "" }).Require(options);

    public static TheoryData<string, string[]> Wrong => new()
    {
        { "Name", ["POD_NAME is not"] },
        { "Namespace", ["POD_NAMESPACE is not"] },
        { "Address", ["POD_IP is '10.0.0.8'", "Cluster:Silo '10.0.0.7:11111'"] },
        { "ServiceId", ["ORLEANS_SERVICE_ID is 'other'", "Cluster:Id 'mail'"] },
        { "ClusterId", ["ORLEANS_CLUSTER_ID is 'other'", "Cluster:Id 'mail'"] },
        { "ApiServer", ["this is no pod"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_contradicts_them_is_said(string what, string[] complaints)
    {
        var wrong = what switch
        {
            "Name" => pod with { Name = null },
            "Namespace" => pod with { Namespace = "" },
            "Address" => pod with { Address = "10.0.0.8" },
            "ServiceId" => pod with { ServiceId = "other" },
            "ClusterId" => pod with { ClusterId = "other" },
            _ => pod with { ApiServer = null },
        };
        var e = Assert.Throws<ValidationException>(() => wrong.Require(options));
        Assert.All(complaints, complaint => Assert.Contains(complaint, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(';', e.Message);
    }

    [Fact]
    public void Outside_of_Kubernetes_the_option_ends_the_start_and_all_that_is_missing_is_said()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([new("Cluster:Redis", "127.0.0.1:6379"), new("Cluster:Kubernetes", "true")]);
        var e = Assert.Throws<ValidationException>(builder.AddClusterSilo);
        Assert.Equal(
            "Cluster:Kubernetes is set, but KUBERNETES_SERVICE_HOST is not: this is no pod. Leave the option out; POD_NAME is not: give it from metadata.name; POD_NAMESPACE is not: give it from metadata.namespace",
            e.Message);
    }
}
