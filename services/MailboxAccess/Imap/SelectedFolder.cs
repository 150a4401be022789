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

    /// <summary>What to ask the mailbox for: all that the client does not know yet.</summary>
    public ChangesRequest Ask() => new() { FolderId = id, SinceModSeq = view.ModSeq, UidNext = view.UidNext, ClaimRecent = !readOnly };

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
            all |= KeywordBits.Of(i);
        }

        writer.Raw("* FLAGS "u8);
        writer.Flags(all, recent: false, Keywords);
        var more = Keywords.Count < KeywordBits.Max ? " \\*)" : ")";
        var names = string.Join(' ', FlagNames.System.Select(flag => flag.Name).Concat(Keywords));
        writer.Line(readOnly ? "\r\n* OK [PERMANENTFLAGS ()] Read-only" : $"\r\n* OK [PERMANENTFLAGS ({names}{more}] Flags are kept");
    }

    /// <summary>What changed since the client last heard: the answer to <see cref="Ask"/>.</summary>
    public async ValueTask WriteAsync(ImapWriter writer, FolderChanges changes, bool mayExpunge, ImapExtensions enabled, CancellationToken cancellationToken)
    {
        TellKeywords(writer, changes.Keywords);
        var update = view.Apply(changes, mayExpunge);
        await WriteExpungedAsync(writer, update, enabled, cancellationToken).ConfigureAwait(false);
        if (update.Exists is { } exists)
        {
            WriteNumber(writer, exists, " EXISTS\r\n"u8);
            WriteNumber(writer, view.Recent, " RECENT\r\n"u8);
        }

        foreach (var message in update.Flags)
        {
            WriteFlagsOf(writer, message, withUid: false, enabled);
            await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }

        if (view.HoldsExpunges && enabled.HasFlag(ImapExtensions.QResync))
        {
            // RFC 7162 §3.2.1: the client has MODSEQs above those of expunges that it was not told of.
            WriteHighestModSeq(writer);
        }
    }

    /// <summary>FETCH with the flags of a message; nothing when the client knows no such message.</summary>
    public void WriteFlagsOf(ImapWriter writer, FlagsOfMessage message, bool withUid, ImapExtensions enabled)
    {
        if (BeginFetch(writer, message.Uid, withUid || enabled.HasFlag(ImapExtensions.QResync)))
        {
            writer.Raw("FLAGS "u8);
            writer.Flags(message.Flags, view.IsRecent(message.Uid), Keywords);
            if (enabled.HasFlag(ImapExtensions.CondStore))
            {
                writer.Raw(" "u8);
                WriteModSeq(writer, message.ModSeq);
            }

            writer.Raw(")\r\n"u8);
        }
    }

    /// <summary>FETCH with the modseq of a message alone: what a silent STORE tells (RFC 7162 §3.1.3).</summary>
    public void WriteModSeqOf(ImapWriter writer, FlagsOfMessage message, bool withUid, ImapExtensions enabled)
    {
        if (BeginFetch(writer, message.Uid, withUid || enabled.HasFlag(ImapExtensions.QResync)))
        {
            WriteModSeq(writer, message.ModSeq);
            writer.Raw(")\r\n"u8);
        }
    }

    /// <summary>The item of a FETCH response that gives a message's modseq (RFC 7162 §7, permsg-modsequence).</summary>
    public static void WriteModSeq(ImapWriter writer, long modSeq)
    {
        writer.Raw("MODSEQ ("u8);
        writer.Number(modSeq);
        writer.Raw(")"u8);
    }

    /// <summary>The modseq up to which the client may believe that it knows everything; 0 is none (RFC 7162 §7, mod-sequence-value).</summary>
    public void WriteHighestModSeq(ImapWriter writer) => writer.Line($"* OK [HIGHESTMODSEQ {Math.Max(1, view.HighestModSeq)}] Highest");

    /// <summary>
    /// VANISHED (EARLIER) (RFC 7162 §3.2.10.1): of the known UIDs the expunged ones. What still has a number here is left for the VANISHED that takes it away.
    /// </summary>
    public void WriteVanishedEarlier(ImapWriter writer, UidRange[] expunged, UidRange[] known)
    {
        var vanished = UidRanges.Except(UidRanges.Intersect(expunged, known), view.All);
        if (vanished.Count > 0)
        {
            writer.Line("* VANISHED (EARLIER) " + SequenceSet.Write(vanished));
        }
    }

    private static async ValueTask WriteExpungedAsync(ImapWriter writer, ViewUpdate update, ImapExtensions enabled, CancellationToken cancellationToken)
    {
        if (enabled.HasFlag(ImapExtensions.QResync))
        {
            if (update.Vanished.Length > 0)
            {
                writer.Line("* VANISHED " + SequenceSet.Write(update.Vanished));
            }

            return;
        }

        foreach (var number in update.Expunged)
        {
            WriteNumber(writer, number, " EXPUNGE\r\n"u8);
            await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private bool BeginFetch(ImapWriter writer, uint uid, bool withUid)
    {
        var number = view.NumberOf(uid);
        if (number == 0)
        {
            return false;
        }

        WriteNumber(writer, number, " FETCH ("u8);
        if (withUid)
        {
            writer.Raw("UID "u8);
            writer.Number(uid);
            writer.Raw(" "u8);
        }

        return true;
    }

    private static void WriteNumber(ImapWriter writer, int number, ReadOnlySpan<byte> rest)
    {
        writer.Raw("* "u8);
        writer.Number(number);
        writer.Raw(rest);
    }
}
