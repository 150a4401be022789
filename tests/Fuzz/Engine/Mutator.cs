using System.Text;

namespace MailCloud.Fuzz.Engine;

/// <summary>Makes inputs out of others: single octets changed, blocks moved, repeated or left out, words of the grammar put in, two inputs joined.</summary>
internal sealed class Mutator(Dice dice, FuzzTarget target)
{
    // Where text protocols begin to differ: line ends, NUL, DEL, 8-bit, UTF-8's lead octets, and what quotes and brackets.
    private static readonly byte[] Telling =
        [0, 9, 10, 13, 32, 34, 38, 40, 41, 42, 43, 44, 45, 46, 47, 48, 57, 58, 59, 60, 61, 62, 63, 64, 91, 92, 93, 95, 123, 125, 126, 127, 128, 0xA0, 0xC3, 0xE2, 0xED, 0xEF, 0xF0, 0xFF];

    private static readonly string[] AnyGrammar =
        ["\r\n", "\r", "\n", "\r\n.\r\n", "\r\n\r\n", ".", "0", "1", "4294967295", "4294967296", "2147483648", "9223372036854775807", "18446744073709551616", "{1}\r\n", "{0+}\r\n", "\"\"", "é", "\uFFFE", "😀", "\u0301"];

    private readonly byte[][] tokens = [.. target.Tokens.Concat(AnyGrammar).Select(Encoding.UTF8.GetBytes)];
    private readonly byte[] octets = new byte[target.MaxLength];
    private int length;

    /// <summary>A new input; valid until the next call.</summary>
    /// <param name="parent">What it is made of.</param>
    /// <param name="other">What it may take a piece of.</param>
    public ReadOnlyMemory<byte> Mutate(ReadOnlySpan<byte> parent, ReadOnlySpan<byte> other)
    {
        length = Math.Min(parent.Length, octets.Length);
        parent[..length].CopyTo(octets);
        for (var changes = 1 << dice.Below(5); changes > 0; changes--)
        {
            Change(other);
        }

        return octets.AsMemory(0, length);
    }

    /// <summary>
    /// A long input out of a short one: its beginning, a piece of it over and over, its end. Half of the time the copies are numbered, so that what looks for doubles
    /// finds none.
    /// </summary>
    public byte[] Grow(ReadOnlySpan<byte> parent)
    {
        if (parent.IsEmpty)
        {
            return [];
        }

        var from = dice.Below(parent.Length);
        var piece = parent.Slice(from, 1 + dice.Below(Math.Min(parent.Length - from, 64)));
        var tail = parent[(dice.Below(2) == 0 ? from + piece.Length : parent.Length)..];
        var digits = dice.Below(2) * 5;
        var grown = new byte[target.GrownLength];
        parent[..from].CopyTo(grown);
        var at = from;
        for (var copies = 0; at + piece.Length + digits + tail.Length <= grown.Length; copies++)
        {
            piece.CopyTo(grown.AsSpan(at));
            at += piece.Length;
            Number(copies, grown.AsSpan(at, digits));
            at += digits;
        }

        tail.CopyTo(grown.AsSpan(at));
        return grown[..(at + tail.Length)];
    }

    private static void Number(int number, Span<byte> digits)
    {
        for (var i = digits.Length - 1; i >= 0; i--, number /= 10)
        {
            digits[i] = (byte)('0' + (number % 10));
        }
    }

    private void Change(ReadOnlySpan<byte> other)
    {
        switch (dice.Below(14))
        {
            case 0 when length > 0:
                octets[dice.Below(length)] ^= (byte)(1 << dice.Below(8));
                break;
            case 1 when length > 0:
                octets[dice.Below(length)] = dice.Octet();
                break;
            case 2 or 3 when length > 0:
                octets[dice.Below(length)] = Telling[dice.Below(Telling.Length)];
                break;
            case 4 when length > 0:
                octets[dice.Below(length)] += (byte)(dice.Below(7) - 3);
                break;
            case 5 when length > 0:
                Remove(dice.Below(length));
                break;
            case 6:
                Insert([Telling[dice.Below(Telling.Length)]]);
                break;
            case 7 or 8:
                Insert(tokens[dice.Below(tokens.Length)]);
                break;
            case 9:
                Overwrite(tokens[dice.Below(tokens.Length)]);
                break;
            case 10 when length > 0:
                Insert(PieceOf(octets.AsSpan(0, length)).ToArray());
                break;
            case 11 when !other.IsEmpty:
                Insert(PieceOf(other));
                break;
            case 12 when !other.IsEmpty:
                Splice(other);
                break;
            case 13:
                Repeat();
                break;
        }
    }

    private ReadOnlySpan<byte> PieceOf(ReadOnlySpan<byte> whole)
    {
        var from = dice.Below(whole.Length);
        return whole.Slice(from, 1 + dice.Below(Math.Min(whole.Length - from, dice.Below(4) == 0 ? whole.Length : 16)));
    }

    private void Insert(ReadOnlySpan<byte> piece)
    {
        piece = piece[..Math.Min(piece.Length, octets.Length - length)];
        var at = dice.Below(length + 1);
        octets.AsSpan(at, length - at).CopyTo(octets.AsSpan(at + piece.Length));
        piece.CopyTo(octets.AsSpan(at));
        length += piece.Length;
    }

    private void Overwrite(ReadOnlySpan<byte> piece)
    {
        var at = dice.Below(length + 1);
        piece = piece[..Math.Min(piece.Length, octets.Length - at)];
        piece.CopyTo(octets.AsSpan(at));
        length = Math.Max(length, at + piece.Length);
    }

    private void Remove(int from)
    {
        var count = 1 + dice.Below(Math.Min(length - from, dice.Below(4) == 0 ? length : 8));
        octets.AsSpan(from + count, length - from - count).CopyTo(octets.AsSpan(from));
        length -= count;
    }

    // Its beginning, and the other's end.
    private void Splice(ReadOnlySpan<byte> other)
    {
        var kept = dice.Below(length + 1);
        var tail = other[dice.Below(other.Length)..];
        tail = tail[..Math.Min(tail.Length, octets.Length - kept)];
        tail.CopyTo(octets.AsSpan(kept));
        length = kept + tail.Length;
    }

    private void Repeat()
    {
        Span<byte> run = stackalloc byte[64];
        run = run[..(1 + dice.Below(run.Length))];
        run.Fill(Telling[dice.Below(Telling.Length)]);
        Insert(run);
    }
}
