using System.Collections;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>
/// The messages of INBOX when the session began (RFC 1939 §4), numbered from 1, and which of them are marked as deleted. Pure: what other sessions do to the mailbox
/// changes nothing here. 12 octets a message.
/// </summary>
internal sealed class Maildrop(int folderId, uint uidValidity, uint[] uids, long[] sizes)
{
    private readonly BitArray deleted = new(uids.Length);
    private int left = uids.Length;
    private long octetsLeft = sizes.Sum();

    public int FolderId => folderId;

    /// <summary>The highest number.</summary>
    public int Last => uids.Length;

    /// <summary>How many are not marked as deleted.</summary>
    public int Left => left;

    /// <summary>Octets of these, as RETR sends them.</summary>
    public long OctetsLeft => octetsLeft;

    public bool Has(int number) => number >= 1 && number <= uids.Length;

    public bool IsDeleted(int number) => deleted[number - 1];

    public uint Uid(int number) => uids[number - 1];

    public long Size(int number) => sizes[number - 1];

    /// <summary>The unique id (RFC 1939 §7, UIDL): UID and UIDVALIDITY, which no other message ever has. The same as Dovecot's default.</summary>
    public string UniqueId(int number) => $"{Uid(number):x8}{uidValidity:x8}";

    /// <summary>Numbers of the messages that are not marked as deleted.</summary>
    public IEnumerable<int> Numbers() => Enumerable.Range(1, uids.Length).Where(number => !IsDeleted(number));

    public void Delete(int number)
    {
        deleted[number - 1] = true;
        left--;
        octetsLeft -= Size(number);
    }

    /// <summary>RSET (RFC 1939 §5).</summary>
    public void Reset()
    {
        deleted.SetAll(false);
        (left, octetsLeft) = (uids.Length, sizes.Sum());
    }

    /// <summary>UIDs of the messages that are marked as deleted.</summary>
    public UidRange[] DeletedUids() => UidRanges.From(Enumerable.Range(1, uids.Length).Where(IsDeleted).Select(Uid));
}
