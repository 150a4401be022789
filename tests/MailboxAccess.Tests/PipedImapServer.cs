using MailCloud.MailboxAccess.Imap;
using Microsoft.Extensions.Options;

namespace MailCloud.MailboxAccess.Tests;

internal sealed class PipedImapServer(IServiceProvider services, ImapOptions options, params object[] parts)
    : PipedServer<ImapConnectionHandler>(services, Options.Create(options), parts);
