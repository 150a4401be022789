namespace MailCloud.Mailboxes.Backup;

/// <summary>The order in which stores list names: that of their UTF-8 octets.</summary>
internal static class NameOrder
{
    public static int Compare(string a, string b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] != b[i])
            {
                // UTF-16 has the characters above U+FFFF, which are surrogates, before some of those below.
                return (char.IsSurrogate(a[i]), char.IsSurrogate(b[i])) switch
                {
                    (true, false) => 1,
                    (false, true) => -1,
                    _ => a[i].CompareTo(b[i]),
                };
            }
        }

        return a.Length.CompareTo(b.Length);
    }
}
