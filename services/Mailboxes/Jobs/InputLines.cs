using System.Text;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>The lines of a job's input, and how many octets they have, by which the next reader begins behind them.</summary>
internal sealed class InputLines(Stream input) : IDisposable
{
    private readonly StreamReader reader = new(input, Encoding.UTF8);

    /// <summary>At most so many; none at the end.</summary>
    public async Task<(List<AccountToImport> Lines, long Octets)> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var lines = new List<AccountToImport>(most);
        var octets = 0L;
        while (lines.Count < most && await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            lines.Add(JobInputs.Read(line));
            octets += Encoding.UTF8.GetByteCount(line) + 1;
        }

        return (lines, octets);
    }

    public void Dispose() => reader.Dispose();
}
