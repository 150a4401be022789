using MailCloud.AllInOne;
using MailCloud.FaultyServer;
using MailCloud.Journal;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection.Extensions;

// AllInOne, or the service of a cluster that --Service names, with one promise broken on purpose, chosen by --Fault: the crash and chaos tests must notice each of them.
var service = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build()["Service"];
var builder = service is null ? AllInOneHost.CreateBuilder(args) : ClusterService.CreateBuilder(service, args);
switch (builder.Configuration["Fault"])
{
    case "ack-before-filing":
        Wrap<IMailQueue>(inner => new AckBeforeFiling(inner));
        break;
    case "no-deduplication":
        Wrap<IMailQueue>(inner => new NoDeduplication(inner, TimeProvider.System));
        break;
    case "answer-before-journal":
        Wrap<IJournal>(inner => new AnswerBeforeJournal(inner));
        break;
    case "no-fence":
        Wrap<IJournal>(inner => new NoFence(inner));
        break;
    case "quit-in-halves":
        builder.Services.AddSingleton<IIncomingGrainCallFilter, QuitInHalves>();
        break;
    case var other:
        throw new ArgumentException($"unknown fault {other}");
}

await (service is null ? AllInOneHost.RunAsync(builder) : ClusterService.RunAsync(builder));

void Wrap<T>(Func<T, T> wrap)
    where T : class
{
    var inner = builder.Services.Last(s => s.ServiceType == typeof(T));
    builder.Services.Replace(ServiceDescriptor.Singleton(services => wrap((T)(
        inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!)))));
}
