using MailCloud.AllInOne;
using MailCloud.FaultyServer;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection.Extensions;

// AllInOne with one promise broken on purpose, chosen by --Fault: the crash test must notice each of them.
var builder = AllInOneHost.CreateBuilder(args);
Func<IMailQueue, IMailQueue> wrap = builder.Configuration["Fault"] switch
{
    "ack-before-filing" => inner => new AckBeforeFiling(inner),
    "no-deduplication" => inner => new NoDeduplication(inner, TimeProvider.System),
    var other => throw new ArgumentException($"unknown fault {other}"),
};
var inner = builder.Services.Last(s => s.ServiceType == typeof(IMailQueue));
builder.Services.Replace(ServiceDescriptor.Singleton(services => wrap((IMailQueue)(
    inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!)))));
await AllInOneHost.RunAsync(builder);
