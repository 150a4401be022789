using System.Globalization;
using System.Text;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Reads the arguments of a command, which single spaces part (RFC 1939 §3). What breaks the grammar is <see cref="Pop3SyntaxException"/>.</summary>
internal ref struct Pop3Arguments(ReadOnlySpan<byte> octets)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Some clients end a line with spaces.
    private ReadOnlySpan<byte> rest = octets.TrimEnd((byte)' ');

    public readonly bool AtEnd => rest.IsEmpty;

    public readonly void End()
    {
        if (!AtEnd)
        {
            throw new Pop3SyntaxException(Pop3Text.TooManyArguments);
        }
    }

    /// <summary>The next word.</summary>
    public ReadOnlySpan<byte> Word()
    {
        if (AtEnd)
        {
            throw new Pop3SyntaxException(Pop3Text.ArgumentMissing);
        }

        var word = rest[1..];
        var end = word.IndexOf((byte)' ');
        rest = end < 0 ? default : word[end..];
        word = end < 0 ? word : word[..end];
        return word.IsEmpty ? throw new Pop3SyntaxException(Pop3Text.ArgumentMissing) : word;
    }

    /// <summary>A number; one too large for a message's is the highest there is.</summary>
    public int Number()
    {
        var word = Word();
        return word.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0
            ? throw new Pop3SyntaxException(Pop3Text.NotANumber)
            : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
    }

    /// <summary>All that is left, spaces included: a user name or a password (RFC 1939 §7, PASS).</summary>
    public static string Text(ReadOnlySpan<byte> octets)
    {
        if (octets.Length < 2)
        {
            throw new Pop3SyntaxException(Pop3Text.ArgumentMissing);
        }

        try
        {
            return Strict.GetString(octets[1..]);
        }
        catch (DecoderFallbackException)
        {
            throw new Pop3SyntaxException(Pop3Text.NotUtf8);
        }
    }
}
