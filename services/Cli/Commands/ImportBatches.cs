namespace MailCloud.Cli.Commands;

/// <summary>
/// A file in batches of whole lines, each of which is one request. HTTP/1.1 sends a request whole before its answer is read, so that a file of any length in one request would have
/// server and client wait for each other once the answers fill the buffers between them; of a batch the server takes every line before it waits for anybody who reads.
/// </summary>
internal static class ImportBatches
{
    /// <summary>As many as the server reads ahead.</summary>
    public const int MaxLines = 1000;

    /// <summary>The number of a batch's first line in the file, and the lines, each with its end as it stands there.</summary>
    public static IEnumerable<(int FirstLine, ReadOnlyMemory<byte> Octets)> Read(Stream file)
    {
        var batch = new MemoryStream();
        var (first, lines) = (1, 0);
        for (var octet = file.ReadByte(); octet >= 0; octet = file.ReadByte())
        {
            batch.WriteByte((byte)octet);
            if (octet == '\n' && ++lines == MaxLines)
            {
                yield return (first, batch.ToArray());
                first += lines;
                lines = 0;
                batch.SetLength(0);
            }
        }

        if (batch.Length > 0)
        {
            yield return (first, batch.ToArray());
        }
    }
}
