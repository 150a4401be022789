using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace MailCloud.Hostile;

/// <summary>What attacks and bystanders need of a mail server besides: accounts, mail in a folder, and the answers to FETCH read to their end.</summary>
internal static class Mail
{
    /// <summary>Makes an account with the demo accounts' password, or leaves it as it is.</summary>
    public static async Task ImportAsync(Target target, string address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{target.Admin.Number}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", target.Token);
        using var answer = await http.PostAsync("/admin/v1/accounts/import", new StringContent($"{address},{Target.Password}\n", Encoding.UTF8, "text/csv"), cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!text.Contains("\"result\":", StringComparison.Ordinal))
        {
            throw new UnexpectedAnswerException($"import of {address}: {text}");
        }
    }

    /// <summary>Appends so many messages to Alice's INBOX.</summary>
    public static async Task FillAsync(Target target, Port port, int messages, int octets, CancellationToken cancellationToken)
    {
        using var peer = await Peer.LogInAsync(target, port, cancellationToken);
        var message = Encoding.ASCII.GetBytes($"Subject: fill\r\n\r\n{new string('x', octets)}\r\n");
        for (var i = 0; i < messages; i++)
        {
            await peer.SendAsync($"a APPEND INBOX {{{message.Length}+}}\r\n", cancellationToken);
            await peer.SendAsync(message, cancellationToken);
            await peer.SendAsync("\r\n", cancellationToken);
            await peer.ExpectAsync("a OK", cancellationToken);
        }
    }

    /// <summary>
    /// Sends a command with tag <c>x</c> and reads its answer, literals by their count. Returns the untagged responses, one a line, each literal cut to its first 100 octets, and the
    /// octets of all literals.
    /// </summary>
    public static async Task<(string Text, long LiteralOctets)> AskAsync(Peer peer, string command, CancellationToken cancellationToken)
    {
        await peer.SendAsync($"x {command}\r\n", cancellationToken);
        var (text, octets) = (new StringBuilder(), 0L);
        while (true)
        {
            var line = await peer.LineAsync(cancellationToken) ?? throw new UnexpectedAnswerException($"{command}: the server hung up");
            if (line.StartsWith("x ", StringComparison.Ordinal))
            {
                Attack.Expect(command, "x OK", line);
                return (text.ToString(), octets);
            }

            text.Append(line);
            if (line.EndsWith('}') && line.LastIndexOf('{') is >= 0 and var open
                && long.TryParse(line.AsSpan(open + 1, line.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var length))
            {
                octets += length;
                text.Append(await peer.SkipAsync(length, keep: 100, cancellationToken));
            }
            else
            {
                text.Append('\n');
            }
        }
    }
}
