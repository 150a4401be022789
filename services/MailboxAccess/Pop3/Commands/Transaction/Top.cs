using MailCloud.MailboxAccess.Pop3.Retrieval;

namespace MailCloud.MailboxAccess.Pop3.Commands.Transaction;

/// <summary>TOP (RFC 1939 §7): the header and as many lines of the body.</summary>
internal static class Top
{
    public static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (number, lines) = Parse(new(arguments.Span));
        var found = await ShownMessage.FindAsync(session, number, cancellationToken).ConfigureAwait(false);
        if (found.Octets is not { } octets)
        {
            return found.Refusal!;
        }

        var message = await TopStream.OpenAsync(octets, lines, cancellationToken).ConfigureAwait(false);
        return Pop3Reply.Ok(Pop3Text.HeaderFollows) with { Message = message };
    }

    internal static (int Number, int Lines) Parse(Pop3Arguments reader)
    {
        var (number, lines) = (reader.Number(), reader.Number());
        reader.End();
        return (number, lines);
    }
}
