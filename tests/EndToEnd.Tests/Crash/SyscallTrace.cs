using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.EndToEnd.Tests.Crash;

/// <summary>One system call of a trace: the line where it began and the line where it had returned.</summary>
internal sealed record Syscall(string Name, string Arguments, int Began, int Returned);

/// <summary>Reads what <c>strace -f</c> wrote: calls of several threads, some interrupted and resumed.</summary>
internal static partial class SyscallTrace
{
    public static IReadOnlyList<Syscall> Read(IEnumerable<string> lines)
    {
        var calls = new List<Syscall>();
        var unfinished = new Dictionary<int, (string Name, string Arguments, int Began)>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (Resumed().Match(line) is { Success: true } resumed)
            {
                if (unfinished.Remove(Pid(resumed), out var start))
                {
                    calls.Add(new(start.Name, start.Arguments, start.Began, number));
                }
            }
            else if (Call().Match(line) is { Success: true } call)
            {
                var (name, arguments) = (call.Groups["name"].Value, call.Groups["arguments"].Value);
                if (arguments.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                {
                    unfinished[Pid(call)] = (name, arguments, number);
                }
                else
                {
                    calls.Add(new(name, arguments, number, number));
                }
            }
        }

        return calls;
    }

    private static int Pid(Match match) => int.Parse(match.Groups["pid"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<pid>\d+)\s+(?<name>\w+)\((?<arguments>.*)$")]
    private static partial Regex Call();

    [GeneratedRegex(@"^(?<pid>\d+)\s+<\.\.\. \w+ resumed>")]
    private static partial Regex Resumed();
}
