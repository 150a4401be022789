namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>What LIST, UIDL, RETR, TOP and DELE have to say alike of a number.</summary>
internal static class MessageNumber
{
    /// <summary>Why a number names no message (RFC 1939 §5); null when it does.</summary>
    public static Pop3Reply? Refusal(Maildrop maildrop, int number)
    {
        if (!maildrop.Has(number))
        {
            return Pop3Reply.Error(null, Pop3Text.NoMessage, number, maildrop.Last);
        }

        return maildrop.IsDeleted(number) ? Pop3Reply.Error(null, Pop3Text.IsDeleted, number) : null;
    }

    /// <summary>The one argument of RETR and DELE.</summary>
    public static int Parse(Pop3Arguments reader)
    {
        var number = reader.Number();
        reader.End();
        return number;
    }

    /// <summary>The reply of LIST and UIDL: one line for the number that is given, or for each message.</summary>
    public static Pop3Reply Listing(Maildrop maildrop, Pop3Arguments reader, Func<int, string> line)
    {
        if (reader.AtEnd)
        {
            return Pop3Reply.Ok(Pop3Text.Messages, maildrop.Left, maildrop.OctetsLeft) with { Lines = maildrop.Numbers().Select(line) };
        }

        var number = Parse(reader);
        return Refusal(maildrop, number) ?? Pop3Reply.Ok(Pop3Text.Exact(line(number)));
    }
}
