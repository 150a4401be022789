using Spectre.Console;

namespace MailCloud.Cli;

/// <summary>A password that stands in no list of processes and no history of a shell: asked for at a terminal, without echo, and otherwise the first line of standard input.</summary>
internal static class PasswordPrompt
{
    public static async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected)
        {
            return await Console.In.ReadLineAsync(cancellationToken) is { Length: > 0 } line
                ? line
                : throw new AdminException("there is no password: write it to standard input as one line, or run this at a terminal and be asked");
        }

        // The first look at the keyboard turns the echo off, for good: what is typed the moment that the question stands there is not shown either.
        _ = Console.KeyAvailable;

        // By standard error: what is printed may go to a file.
        var terminal = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        var password = await terminal.PromptAsync(new TextPrompt<string>("Password:").Secret(null), cancellationToken);
        return await terminal.PromptAsync(new TextPrompt<string>("Once more:").Secret(null), cancellationToken) == password
            ? password
            : throw new AdminException("these were two different passwords: nothing was changed");
    }
}
