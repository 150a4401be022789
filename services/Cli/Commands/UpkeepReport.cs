using System.Text.Json;

namespace MailCloud.Cli.Commands;

/// <summary>Prints findings as they come; the last record is the summary, and without it the walk was not complete.</summary>
internal static class UpkeepReport
{
    public static Task<int> PrintAsync(Output output, string walk, IAsyncEnumerable<JsonElement> records) => output.WaitAsync(walk, () => PrintAsync(output, records));

    private static async Task<int> PrintAsync(Output output, IAsyncEnumerable<JsonElement> records)
    {
        var problems = 0;
        var complete = false;
        await foreach (var record in records)
        {
            var kind = record.GetProperty("kind").GetString()!;
            problems += kind.Equals("problem", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            complete |= kind.Equals("summary", StringComparison.OrdinalIgnoreCase);
            var subject = record.GetProperty("subject").GetString();
            output.Say(record, $"{kind.ToLowerInvariant()}: {subject}{(string.IsNullOrEmpty(subject) ? "" : ": ")}{record.GetProperty("text").GetString()}");
        }

        if (!complete)
        {
            throw new AdminException("the answer ended early: run it again, and look at the server's log if it happens twice.");
        }

        return problems == 0 ? 0 : 1;
    }
}
