using MailCloud.MailboxAccess.Pop3;
using Microsoft.Extensions.Options;

namespace MailCloud.MailboxAccess.Tests.Pop3;

internal sealed class PipedPop3Server(IServiceProvider services, Pop3Options options, params object[] parts)
    : PipedServer<Pop3ConnectionHandler>(services, Options.Create(options), parts);
