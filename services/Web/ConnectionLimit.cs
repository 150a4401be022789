using Microsoft.AspNetCore.Connections;

namespace MailCloud.Web;

/// <summary>
/// How many connections one listener serves at a time; one more is closed at once. Kestrel's own MaxConcurrentConnections holds for every listener of the process, those of the
/// mail protocols too, which have limits of their own.
/// </summary>
internal sealed class ConnectionLimit(int maximum)
{
    private int open;

    public ConnectionDelegate Around(ConnectionDelegate next) => async connection =>
    {
        try
        {
            if (Interlocked.Increment(ref open) <= maximum)
            {
                await next(connection);
            }
            else
            {
                connection.Abort();
            }
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    };
}
