using System.Text;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Content;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>A message as it leaves for a host, without a store and without a signature.</summary>
internal sealed record Downgraded(byte[] Octets, BodyType Form, bool IsChanged, string? Obstacle)
{
    public string Text => Encoding.Latin1.GetString(Octets);

    /// <param name="message">Octets as chars.</param>
    /// <param name="allowed">The most that the host takes.</param>
    /// <param name="pieces">How many octets come at a time.</param>
    public static Task<Downgraded> OfAsync(string message, BodyType allowed = BodyType.SevenBit, int pieces = int.MaxValue) => OfAsync(Encoding.Latin1.GetBytes(message), allowed, pieces);

    public static async Task<Downgraded> OfAsync(byte[] message, BodyType allowed, int pieces = int.MaxValue)
    {
        var survey = new ContentSurvey(allowed);
        for (var (at, end, hasEnded) = (0, 0, false); !hasEnded;)
        {
            end = Math.Min(message.Length, end + Math.Min(pieces, 20_000));
            hasEnded = end == message.Length;
            at += survey.Consume(message.AsSpan(at, end - at), hasEnded);
        }

        using var written = new MemoryStream();
        if (survey.Obstacle is null)
        {
            await using var rewritten = new RewrittenStream(new Pieces(message, pieces), allowed, survey);
            await rewritten.CopyToAsync(written);
        }

        return new(written.ToArray(), survey.Form, survey.IsChanged, survey.Obstacle);
    }

    private sealed class Pieces(byte[] octets, int size) : ForwardStream
    {
        private int at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var piece = octets.AsMemory(at, Math.Min(Math.Min(size, buffer.Length), octets.Length - at));
            piece.CopyTo(buffer);
            at += piece.Length;
            return ValueTask.FromResult(piece.Length);
        }
    }
}

/// <summary>What must hold of all that leaves.</summary>
internal static class Leaving
{
    public static void Check(byte[] octets, BodyType form, string what)
    {
        if (form == BodyType.BinaryMime)
        {
            return;
        }

        Assert.True(octets.Length == 0 || octets.AsSpan().EndsWith("\r\n"u8), $"{what}: it ends with a line end");
        Assert.True(form == BodyType.EightBitMime || Ascii.IsValid(octets), $"{what}: only seven bits");
        Assert.False(octets.Contains((byte)0), $"{what}: no NUL");
        var text = Encoding.Latin1.GetString(octets);
        var bare = text.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().IndexOfAny('\r', '\n');
        Assert.True(bare < 0, $"{what}: only CRLF ends a line");
        Assert.True(text.Split("\r\n").All(line => line.Length <= 998), $"{what}: lines of at most 998");
    }
}
