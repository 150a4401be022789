using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace MailCloud.Fuzz.Engine;

internal enum News
{
    None = 0,

    /// <summary>A branch was taken more or less often than before.</summary>
    Count = 1,

    /// <summary>A branch was taken for the first time.</summary>
    Branch = 2,
}

/// <summary>The map in which instrumented code counts its branches (as afl-fuzz's), and what it has shown so far. Nothing is counted where no code is instrumented.</summary>
internal sealed unsafe class Coverage
{
    private const int Size = 64 * 1024;

    // Nearly all of the map is empty after each execution.
    private const int Stride = 4;

    private static ReadOnlySpan<byte> ClassesBegin => [1, 2, 3, 4, 8, 16, 32, 128];

    private readonly byte* map = (byte*)NativeMemory.AlignedAlloc(Size, 64);
    private readonly byte[] seen = new byte[Size];

    public Coverage()
    {
        Trace.SharedMem = map;
        Begin();
    }

    /// <summary>Branches taken so far.</summary>
    public int Branches { get; private set; }

    public void Begin()
    {
        new Span<byte>(map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>What the execution since <see cref="Begin"/> has shown that none before had.</summary>
    public News Take()
    {
        var news = News.None;
        var taken = MemoryMarshal.Cast<byte, Vector<byte>>(new Span<byte>(map, Size));
        var known = MemoryMarshal.Cast<byte, Vector<byte>>(seen.AsSpan());
        for (var i = 0; i + Stride <= taken.Length; i += Stride)
        {
            if (((taken[i] | taken[i + 1]) | (taken[i + 2] | taken[i + 3])) == Vector<byte>.Zero)
            {
                continue;
            }

            for (var j = i; j < i + Stride; j++)
            {
                var unknown = Vector.AndNot(Classes(taken[j]), known[j]);
                if (unknown != Vector<byte>.Zero)
                {
                    news = (News)Math.Max((int)news, (int)Learn(ref known[j], unknown));
                }
            }
        }

        return news;
    }

    public void Forget()
    {
        seen.AsSpan().Clear();
        Branches = 0;
    }

    private News Learn(ref Vector<byte> known, Vector<byte> unknown)
    {
        var news = News.Count;
        for (var i = 0; i < Vector<byte>.Count; i++)
        {
            if (known[i] == 0 && unknown[i] != 0)
            {
                Branches++;
                news = News.Branch;
            }
        }

        known |= unknown;
        return news;
    }

    // afl-fuzz's classes of counts, a bit each: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<byte> Classes(Vector<byte> counts)
    {
        var classes = Vector<byte>.Zero;
        for (var i = 0; i < ClassesBegin.Length; i++)
        {
            classes = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(counts, new(ClassesBegin[i])), new((byte)(1 << i)), classes);
        }

        return classes;
    }
}
