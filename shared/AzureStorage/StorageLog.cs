using Microsoft.Extensions.Logging;

namespace MailCloud.AzureStorage;

/// <summary>Log events 7000-7099.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(7000, LogLevel.Information, "Container {Container} of storage account {Account} is in use")]
    public static partial void ContainerOpened(this ILogger logger, string account, string container);

    [LoggerMessage(7001, LogLevel.Warning, "Container {Container} was missing in storage account {Account} and has been made: it is empty")]
    public static partial void ContainerMade(this ILogger logger, string account, string container);
}
