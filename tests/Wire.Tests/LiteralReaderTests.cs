using System.Text;

namespace MailCloud.Wire.Tests;

public sealed class LiteralReaderTests
{
    private static readonly ReadPace Pace = new(TimeSpan.FromMinutes(1), 0);

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Takes_exactly_the_count(int piece)
    {
        using var input = Piped.Reader("0123\r\n789next\r\n", piece);
        var got = new MemoryStream();
        await LiteralReader.ReadAsync(input, 9, Pace, got, CancellationToken.None);
        var lines = new LineReader(input, 100);
        await lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.Equal("0123\r\n789", Encoding.ASCII.GetString(got.ToArray()));
        Assert.Equal("next", Encoding.ASCII.GetString(lines.Line.Span));
    }

    [Fact]
    public async Task An_end_within_it_is_an_error()
    {
        using var input = Piped.Reader("012", 1000);
        await Assert.ThrowsAsync<EndOfStreamException>(() => LiteralReader.SkipAsync(input, 9, Pace, CancellationToken.None).AsTask());
    }
}
