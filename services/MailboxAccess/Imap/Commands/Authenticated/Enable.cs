namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>ENABLE (RFC 5161 §3.1). Names that are not known, or that need no enabling, are passed over.</summary>
internal static class Enable
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var enabled = new List<string>();
        foreach (var name in Parse(new(arguments.Span)))
        {
            var extension = ExtensionOf(name);
            if (!session.Enabled.HasFlag(extension))
            {
                session.Enable(extension);
                enabled.Add(name);
            }
        }

        session.Writer.Line(string.Join(' ', enabled.Prepend("* ENABLED")));
        return ValueTask.FromResult(ImapReply.Ok("ENABLE completed"));
    }

    internal static IReadOnlyList<string> Parse(ImapReader reader)
    {
        var names = new List<string>();
        do
        {
            reader.Space();
            names.Add(reader.Atom().ToUpperInvariant());
        }
        while (!reader.AtEnd);
        return names;
    }

    private static ImapExtensions ExtensionOf(string name) => name switch
    {
        "CONDSTORE" => ImapExtensions.CondStore,
        "QRESYNC" => ImapExtensions.QResync,
        _ => ImapExtensions.None,
    };
}
