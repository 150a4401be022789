using System.Text;
using MailCloud.Credentials;
using MailCloud.Web.Admin;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>What the admin API reads by itself: the lines of an import. Its JSON is System.Text.Json's.</summary>
internal static class WebTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("account-import", Import)
        {
            MaxLength = 256,
            Seeds = _ => Seeds.Of("address,password\r\na@example.test,secret\r\nb@example.test,\"se\"\"cret\"\n", "\uFEFFa@b,{SCRAM-SHA-256}1,AA==,AA==,AA==", "a@b", new string('a', AccountLine.MaxLength + 1)),
            Tokens = ["a@example.test,", "\"", "\"\"", "{BLF-CRYPT}$2y$", "{", "}", "\uFEFF", "\r\n", "\n"],
        },
    ];

    private static void Import(ReadOnlyMemory<byte> input)
    {
        var whole = Lines(Pieces.Whole(input));
        ThrowIf(!whole.SequenceEqual(Lines(Pieces.Cut(input))), "lines do not depend on how they come");
        var plain = Encoding.Latin1.GetString(input.Span).Split('\n');
        ThrowIf(whole.Count != plain.Length - (plain[^1].Length == 0 ? 1 : 0), "a line ends with its LF, the last one with the file");
        foreach (var line in whole.OfType<string>())
        {
            if (AccountLine.TryParse(line, out var account))
            {
                ThrowIf(account.Address.Key.Length == 0, "an account has a key");
                ThrowIf((account.IsVerifier ? Verifiers.WhyUnsupported(account.Secret) : Verifiers.WhyUnusable(account.Secret)) is { Length: 0 }, "a refusal says why");
            }
        }
    }

    private static List<string?> Lines(Pieces pieces)
    {
        var lines = new List<string?>();
        var reader = AccountLine.ReadAsync(pieces, default).GetAsyncEnumerator();
        while (AtOnce.Get(reader.MoveNextAsync()))
        {
            lines.Add(reader.Current);
        }

        return lines;
    }
}
