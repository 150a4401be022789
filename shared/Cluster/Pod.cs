using System.ComponentModel.DataAnnotations;
using System.Net;
using Orleans.Hosting.Kubernetes;

namespace MailCloud.Cluster;

/// <summary>The pod that this process runs in, by variables that its manifest fills. Orleans reads the same ones by itself, and would go by them where they contradict our options.</summary>
internal sealed record Pod
{
    private const string ApiServerVariable = "KUBERNETES_SERVICE_HOST";

    public string? Name { get; init; }

    public string? Namespace { get; init; }

    public string? Address { get; init; }

    public string? ServiceId { get; init; }

    public string? ClusterId { get; init; }

    /// <summary>Given to every pod by the kubelet.</summary>
    public string? ApiServer { get; init; }

    public static Pod FromEnvironment() => new()
    {
        Name = Environment.GetEnvironmentVariable(KubernetesHostingOptions.PodNameEnvironmentVariable),
        Namespace = Environment.GetEnvironmentVariable(KubernetesHostingOptions.PodNamespaceEnvironmentVariable),
        Address = Environment.GetEnvironmentVariable(KubernetesHostingOptions.PodIPEnvironmentVariable),
        ServiceId = Environment.GetEnvironmentVariable(KubernetesHostingOptions.ServiceIdEnvironmentVariable),
        ClusterId = Environment.GetEnvironmentVariable(KubernetesHostingOptions.ClusterIdEnvironmentVariable),
        ApiServer = Environment.GetEnvironmentVariable(ApiServerVariable),
    };

    /// <exception cref="ValidationException">This is no pod, or one that contradicts the options; the message names all of it.</exception>
    public void Require(ClusterOptions options)
    {
        var errors = Errors(options).ToList();
        if (errors.Count > 0)
        {
            throw new ValidationException($"Cluster:Kubernetes is set, but {string.Join("; ", errors)}");
        }
    }

    private IEnumerable<string> Errors(ClusterOptions options)
    {
        if (string.IsNullOrEmpty(ApiServer))
        {
            yield return $"{ApiServerVariable} is not: this is no pod. Leave the option out";
        }

        if (string.IsNullOrEmpty(Name))
        {
            yield return $"{KubernetesHostingOptions.PodNameEnvironmentVariable} is not: give it from metadata.name";
        }

        if (string.IsNullOrEmpty(Namespace))
        {
            yield return $"{KubernetesHostingOptions.PodNamespaceEnvironmentVariable} is not: give it from metadata.namespace";
        }

        var address = IPEndPoint.Parse(options.Silo).Address;
        if (!string.IsNullOrEmpty(Address) && (!IPAddress.TryParse(Address, out var own) || !own.Equals(address)))
        {
            yield return $"{KubernetesHostingOptions.PodIPEnvironmentVariable} is '{Address}' and Cluster:Silo '{options.Silo}': both are the pod's address";
        }

        foreach (var (variable, value) in new[] { (KubernetesHostingOptions.ServiceIdEnvironmentVariable, ServiceId), (KubernetesHostingOptions.ClusterIdEnvironmentVariable, ClusterId) })
        {
            if (!string.IsNullOrEmpty(value) && value != options.Id)
            {
                yield return $"{variable} is '{value}' and Cluster:Id '{options.Id}': both are the cluster's name";
            }
        }
    }
}
