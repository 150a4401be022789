using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Wire.Tests;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Only_crlf_ends_a_line_and_long_lines_are_skipped(int piece)
    {
        using var input = Piped.Reader("one\r\n\r\na\nb\rc\r\n" + new string('x', 50) + "\r\n123456\r\nrest", piece);
        var lines = new LineReader(input, 8);
        var seen = new List<string>();
        LineStatus status;
        while ((status = await lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None)) != LineStatus.End)
        {
            seen.Add(status == LineStatus.TooLong ? "too long" : Encoding.Latin1.GetString(lines.Line.Span));
        }

        Assert.Equal(["one", "", "a\nb\rc", "too long", "123456"], seen);
    }

    [Fact]
    public async Task A_line_that_does_not_come_ends_by_the_clock()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        using var input = new TimedReader(pipe.Reader, time);
        var lines = new LineReader(input, 100);
        await pipe.Writer.WriteAsync("half"u8.ToArray());
        var reading = lines.ReadAsync(TimeSpan.FromSeconds(10), CancellationToken.None).AsTask();
        time.Advance(TimeSpan.FromSeconds(11));
        await Assert.ThrowsAsync<PeerTimeoutException>(() => reading);
    }

    [Fact]
    public async Task TryRead_takes_only_what_is_there()
    {
        var pipe = new Pipe();
        using var input = new TimedReader(pipe.Reader, TimeProvider.System);
        var lines = new LineReader(input, 100);
        await pipe.Writer.WriteAsync("a\r\nb"u8.ToArray());
        Assert.True(lines.TryRead(out _));
        Assert.False(lines.TryRead(out _));
        await pipe.Writer.WriteAsync("c\r\n"u8.ToArray());
        Assert.True(lines.TryRead(out _));
        Assert.Equal("bc", Encoding.ASCII.GetString(lines.Line.Span));
    }

    [Fact]
    public async Task A_line_without_end_is_given_up_after_a_mebibyte()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var input = new TimedReader(pipe.Reader, TimeProvider.System);
        var lines = new LineReader(input, 100);
        await pipe.Writer.WriteAsync(new byte[(1024 * 1024) - 2]);
        await pipe.Writer.WriteAsync("\r\n"u8.ToArray());
        Assert.Equal(LineStatus.TooLong, await lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None));

        await pipe.Writer.WriteAsync(new byte[1024 * 1024 + 101]);
        await Assert.ThrowsAsync<EndlessLineException>(() => lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task The_buffer_of_a_long_line_is_given_back_at_the_next_read()
    {
        var pipe = new Pipe();
        using var input = new TimedReader(pipe.Reader, TimeProvider.System);
        var lines = new LineReader(input, 12_288);
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 10_000) + "\r\n"));
        Assert.True(lines.TryRead(out _));
        Assert.Equal(10_000, lines.Line.Length);
        Assert.True(MemoryMarshal.TryGetArray(lines.Line, out var grown));
        Assert.False(lines.TryRead(out _));
        Assert.True(MemoryMarshal.TryGetArray(lines.Line, out var kept));
        Assert.True(kept.Array!.Length < 1024 && grown.Array!.Length >= 10_000);
    }
}
