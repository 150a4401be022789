using System.ComponentModel.DataAnnotations;
using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Hosting.Kubernetes;
using Orleans.Runtime;

namespace MailCloud.Cluster;

/// <summary>
/// Asks the Kubernetes API, before Orleans does, for what Orleans will ask for. Orleans repeats a question that is forbidden at once and for ever, a process that looks alive; and it gives up after ten seconds
/// without an answer, after which the kubelet waits longer each time before it starts the process again. Here a refusal ends the start and says what is missing, and a silence is waited out.
/// </summary>
internal sealed class PodAccess(Pod pod, IOptions<Orleans.Configuration.ClusterOptions> names, IOptions<KubernetesHostingOptions> hosting, TimeProvider time, ILogger<PodAccess> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Of one attempt: a policy that lets nothing through drops what is sent.</summary>
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(10);

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(PodAccess), ServiceLifecycleStage.AfterRuntimeGrainServices - 1, WaitAsync);

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var client = new Kubernetes(hosting.Value.GetClientConfiguration());
        while (!await IsGivenAsync(client, cancellationToken))
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <exception cref="ValidationException">The pod lacks a right or a label.</exception>
    private async Task<bool> IsGivenAsync(Kubernetes client, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AttemptLimit);
        try
        {
            RequireLabels(await client.CoreV1.ReadNamespacedPodAsync(pod.Name, pod.Namespace, cancellationToken: limit.Token));
            await client.CoreV1.ListNamespacedPodAsync(pod.Namespace, limit: 1, cancellationToken: limit.Token);
            return true;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            throw new ValidationException($"Cluster:Kubernetes is set, but the pod's service account may not get, list and watch pods in {pod.Namespace}: give it a Role that lets it", e);
        }
        catch (Exception e) when (e is not ValidationException && !cancellationToken.IsCancellationRequested)
        {
            ClusterLog.ApiAway(logger, e.Message);
            return false;
        }
    }

    // Orleans finds pods by them, and would set them itself if it might.
    private void RequireLabels(V1Pod self)
    {
        var labels = new[] { (Name: KubernetesHostingOptions.ServiceIdLabel, Value: names.Value.ServiceId), (Name: KubernetesHostingOptions.ClusterIdLabel, Value: names.Value.ClusterId) };
        foreach (var (name, value) in labels)
        {
            if (self.GetLabel(name) != value)
            {
                throw new ValidationException($"Cluster:Kubernetes is set, but the pod's label {name} is not '{value}', as Cluster:Id is");
            }
        }
    }
}
