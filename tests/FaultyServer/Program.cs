using MailCloud.AllInOne;
using MailCloud.FaultyServer;
using MailCloud.Journal;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection.Extensions;

// AllInOne with one promise broken on purpose, chosen by --Fault: the crash test must notice each of them.
var builder = AllInOneHost.CreateBuilder(args);
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
    case "quit-in-halves":
        builder.Services.AddSingleton<IIncomingGrainCallFilter, QuitInHalves>();
        break;
    case var other:
        throw new ArgumentException($"unknown fault {other}");
}

await AllInOneHost.RunAsync(builder);

void Wrap<T>(Func<T, T> wrap)
    where T : class
{
    var inner = builder.Services.Last(s => s.ServiceType == typeof(T));
    builder.Services.Replace(ServiceDescriptor.Singleton(services => wrap((T)(
        inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!)))));
}
