using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace MailCloud.Benchmarks;

/// <summary>An interpolated string as UTF-8 in the thread's own buffer, so that a command costs the load tool no allocation. One at a time per thread.</summary>
[InterpolatedStringHandler]
internal ref struct Utf8Format
{
    private const int MaxLength = 1000;

    [ThreadStatic]
    private static byte[]? ofThread;

    private readonly byte[] buffer;
    private int used;

#pragma warning disable IDE0060
    public Utf8Format(int literalLength, int formattedCount) => buffer = ofThread ??= new byte[MaxLength];
#pragma warning restore IDE0060

    public readonly ReadOnlySpan<byte> Octets => buffer.AsSpan(0, used);

    public void AppendLiteral(string text) => AppendFormatted(text);

    public void AppendFormatted<T>(T value)
    {
        if (!Utf8.TryWrite(buffer.AsSpan(used), $"{value}", out var written))
        {
            throw new ArgumentException("the command is too long");
        }
        used += written;
    }
}
