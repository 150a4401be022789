using System.Net;

namespace MailCloud.Benchmarks.Imap;

/// <summary>Makes what the load works on, by IMAP.</summary>
internal static class Mailboxes
{
    /// <summary>So many messages in a user's INBOX, and a folder Archive, which may be there.</summary>
    public static void Fill(IPEndPoint server, int user, int messages, Func<int, byte[]> message) => Fill(server, $"user{user}@example.test", user, messages, message);

    /// <param name="server">Where IMAP is.</param>
    /// <param name="address">Of the account.</param>
    /// <param name="user">The number that its messages follow from.</param>
    /// <param name="messages">How many.</param>
    /// <param name="message">Each, by its number.</param>
    public static void Fill(IPEndPoint server, string address, int user, int messages, Func<int, byte[]> message)
    {
        using var connection = ImapConnection.Open(server, tls: false);
        connection.LogIn(address);
        connection.TryCommand($"CREATE Archive");
        for (var i = 0; i < messages; i++)
        {
            connection.Append("INBOX", message((user * 1000) + i));
        }
        if (connection.Select("INBOX") != messages)
        {
            throw new UnexpectedAnswerException($"INBOX of {address} does not hold its {messages} messages");
        }
    }
}
