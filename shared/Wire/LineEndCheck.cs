namespace MailCloud.Wire;

/// <summary>Looks for a CR without LF or a LF without CR in octets that come in pieces.</summary>
public struct LineEndCheck
{
    private bool afterCr;

    /// <summary>True once a bare CR or LF has been seen.</summary>
    public bool FoundBare { get; private set; }

    /// <summary>True when the octets so far end in a CR whose LF has not come.</summary>
    public readonly bool EndsInCr => afterCr;

    public void Add(ReadOnlySpan<byte> piece)
    {
        var rest = piece;
        while (!rest.IsEmpty && !FoundBare)
        {
            if (afterCr)
            {
                FoundBare = rest[0] != '\n';
                afterCr = false;
                rest = rest[1..];
                continue;
            }

            var at = rest.IndexOfAny((byte)'\r', (byte)'\n');
            if (at < 0)
            {
                return;
            }

            FoundBare = rest[at] == '\n';
            afterCr = true;
            rest = rest[(at + 1)..];
        }
    }
}
