using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.Web.Admin;

/// <summary>A line of an import: an address, and a password or a verifier for it.</summary>
internal readonly record struct AccountLine(EmailAddress Address, string Secret, bool IsVerifier)
{
    /// <summary>Octets: an address of 320, a password of 1,024, and room for quoting.</summary>
    public const int MaxLength = 4096;

    /// <summary>False when it does not begin with an address and a comma.</summary>
    public static bool TryParse(string line, out AccountLine account)
    {
        account = default;
        var comma = line.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !EmailAddress.TryParse(line[..comma].Trim(), out var address))
        {
            return false;
        }

        var secret = Unquote(line[(comma + 1)..]);
        account = new(address, secret, secret.StartsWith('{') && secret.Contains('}', StringComparison.Ordinal));
        return true;
    }

    /// <summary>Why a line, null when it is too long, is none of an import, in a sentence without the password; null when it is one.</summary>
    public static string? WhyUnreadable(string? line, out AccountLine account)
    {
        account = default;
        return line is null ? $"the line is longer than {MaxLength} octets"
            : !TryParse(line, out account) ? "the line does not begin with an address and a comma" : null;
    }

    /// <summary>An empty line, or the names of the columns above the first.</summary>
    public static bool IsBlank(string? line, int number) => line is { Length: 0 } || (number == 1 && string.Equals(line, "address,password", StringComparison.OrdinalIgnoreCase));

    /// <summary>The lines of a file; null stands for one that is too long.</summary>
    public static async IAsyncEnumerable<string?> ReadAsync(PipeReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var skipping = false;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                yield return skipping || line.Length > MaxLength ? null : Encoding.UTF8.GetString(line).TrimStart('\uFEFF').TrimEnd('\r');
                skipping = false;
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length > MaxLength)
            {
                skipping = true;
                buffer = buffer.Slice(buffer.End);
            }

            if (read.IsCompleted)
            {
                if (skipping || buffer.Length > 0)
                {
                    yield return skipping ? null : Encoding.UTF8.GetString(buffer).TrimStart('\uFEFF').TrimEnd('\r');
                }

                // A read that is not ended makes Kestrel log an error when it looks for what the request has left.
                reader.AdvanceTo(read.Buffer.End);
                yield break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>RFC 4180 §2: a field in quotes. A hash in {SCRAM-SHA-256} holds commas and may stand without them: nothing follows it.</summary>
    private static string Unquote(string field)
    {
        var trimmed = field.Trim();
        return trimmed.Length > 1 && trimmed[0] == '"' && trimmed[^1] == '"' ? trimmed[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : field.TrimEnd('\r');
    }
}
