using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>The folder that a session has selected.</summary>
internal sealed class SelectedFolder(int id, bool readOnly, MailboxView view, IReadOnlyList<string> keywords)
{
    public int Id => id;

    /// <summary>True after EXAMINE: nothing in it changes through this session (RFC 3501 §6.3.2).</summary>
    public bool ReadOnly => readOnly;

    public MailboxView View => view;

    /// <summary>The keywords that the client was told of, by the bits of flag sets.</summary>
    public IReadOnlyList<string> Keywords { get; private set; } = keywords;

    /// <summary>Tells of keywords that are new (RFC 3501 §7.2.6), before a response names one.</summary>
    public void TellKeywords(ImapWriter writer, IReadOnlyList<string> now)
    {
        if (now.Count > Keywords.Count)
        {
            Keywords = now;
            WriteFlags(writer);
        }
    }

    /// <summary>FLAGS and PERMANENTFLAGS (RFC 3501 §7.1, §7.2.6).</summary>
    public void WriteFlags(ImapWriter writer)
    {
        var all = MessageFlags.System;
        for (var i = 0; i < Keywords.Count; i++)
        {
            all |= FlagNames.KeywordBit(i);
        }

        writer.Raw("* FLAGS "u8);
        writer.Flags(all, recent: false, Keywords);
        var more = Keywords.Count < FlagNames.MaxKeywords ? " \\*)" : ")";
        var names = string.Join(' ', FlagNames.System.Select(flag => flag.Name).Concat(Keywords));
        writer.Line(readOnly ? "\r\n* OK [PERMANENTFLAGS ()] Read-only" : $"\r\n* OK [PERMANENTFLAGS ({names}{more}] Flags are kept");
    }

    /// <summary>What changed since the client last heard.</summary>
    public void Write(ImapWriter writer, FolderChanges changes, bool mayExpunge)
    {
        TellKeywords(writer, changes.Keywords);
        var update = view.Apply(changes, mayExpunge);
        foreach (var number in update.Expunged)
        {
            WriteNumber(writer, number, " EXPUNGE\r\n"u8);
        }

        if (update.Exists is { } exists)
        {
            WriteNumber(writer, exists, " EXISTS\r\n"u8);
            WriteNumber(writer, view.Recent, " RECENT\r\n"u8);
        }

        foreach (var message in update.Flags)
        {
            WriteFlagsOf(writer, message, withUid: false);
        }
    }

    /// <summary>FETCH with the flags of a message; nothing when the client knows no such message.</summary>
    public void WriteFlagsOf(ImapWriter writer, FlagsOfMessage message, bool withUid)
    {
        var number = view.NumberOf(message.Uid);
        if (number == 0)
        {
            return;
        }

        WriteNumber(writer, number, " FETCH ("u8);
        if (withUid)
        {
            writer.Raw("UID "u8);
            writer.Number(message.Uid);
            writer.Raw(" "u8);
        }

        writer.Raw("FLAGS "u8);
        writer.Flags(message.Flags, view.IsRecent(message.Uid), Keywords);
        writer.Raw(")\r\n"u8);
    }

    private static void WriteNumber(ImapWriter writer, int number, ReadOnlySpan<byte> rest)
    {
        writer.Raw("* "u8);
        writer.Number(number);
        writer.Raw(rest);
    }
}
