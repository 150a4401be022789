using MailCloud.AzureStorage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Journal.Azure;

public static class AzureJournalHost
{
    /// <summary>Journals in a container of the storage account of section <c>AzureStorage</c>, which is first spoken to when the first of them is opened.</summary>
    public static IServiceCollection AddAzureJournal(this IServiceCollection services, IConfiguration configuration)
    {
        var options = services.AddAzureStorage(configuration);
        services.AddSingleton<IJournal>(provider => new AzureJournal(provider.CreateContainer(options, options.JournalContainer)));
        return services;
    }
}
