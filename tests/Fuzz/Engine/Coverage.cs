using System.Numerics;
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
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(new Span<byte>(map, Size));
        for (var i = 0; i + Stride <= vectors.Length; i += Stride)
        {
            if (((vectors[i] | vectors[i + 1]) | (vectors[i + 2] | vectors[i + 3])) != Vector<byte>.Zero)
            {
                news = (News)Math.Max((int)news, (int)Take(i * Vector<byte>.Count, Stride * Vector<byte>.Count));
            }
        }

        return news;
    }

    public void Forget()
    {
        seen.AsSpan().Clear();
        Branches = 0;
    }

    private News Take(int from, int count)
    {
        var news = News.None;
        for (var i = from; i < from + count; i++)
        {
            if (map[i] == 0 || (seen[i] & Class(map[i])) != 0)
            {
                continue;
            }

            if (seen[i] == 0)
            {
                Branches++;
                news = News.Branch;
            }
            else if (news == News.None)
            {
                news = News.Count;
            }

            seen[i] |= Class(map[i]);
        }

        return news;
    }

    // afl-fuzz's classes of counts: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.
    private static byte Class(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
