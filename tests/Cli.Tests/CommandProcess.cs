using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>The built command in a process of its own.</summary>
internal static partial class CommandProcess
{
    private static string Command => Path.Combine(AppContext.BaseDirectory, "MailCloud.Cli.dll");

    public static Task<(int Exit, string Output, string Error)> RunAsync(WebServer server, Uri? address, params string[] command) =>
        RunAsync(new("dotnet", [Command, "--server", (address ?? server.Admin.BaseAddress!).ToString(), "--token-file", server.TokenFile, .. command]), input: "");

    public static Task<(int Exit, string Output, string Error)> RunAsync(Uri address, string tokenFile, params string[] command) =>
        RunAsync(new("dotnet", [Command, "--server", address.ToString(), "--token-file", tokenFile, .. command]), input: "");

    /// <summary>With a standard input of its own.</summary>
    public static Task<(int Exit, string Output, string Error)> RunWithInputAsync(WebServer server, string input, params string[] command) =>
        RunAsync(new ProcessStartInfo("dotnet", [Command, "--server", server.Admin.BaseAddress!.ToString(), "--token-file", server.TokenFile, .. command]), input);

    /// <summary>In a folder and with variables of its environment, and with those arguments alone.</summary>
    public static Task<(int Exit, string Output, string Error)> RunInAsync(string folder, Dictionary<string, string?> variables, params string[] command)
    {
        var start = new ProcessStartInfo("dotnet", [Command, .. command]) { WorkingDirectory = folder };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return RunAsync(start, input: "");
    }

    /// <summary>On a terminal of 200 columns, made by script(1); without the colours. To each text that it waits for it is given a line.</summary>
    public static async Task<(int Exit, string Output)> OnTerminalAsync(WebServer server, (string Text, string Answer)[] dialog, params string[] command)
    {
        var line = $"stty cols 200; dotnet {Command} --server {server.Admin.BaseAddress} --token-file {server.TokenFile} {string.Join(' ', command)}";
        var start = new ProcessStartInfo("script", ["-qec", line, "/dev/null"]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["TERM"] = "xterm";
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        foreach (var (text, answer) in dialog)
        {
            await ReadUntilAsync(process.StandardOutput, output, text);
            await process.StandardInput.WriteAsync($"{answer}\r");
            await process.StandardInput.FlushAsync();
        }

        output.Append(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, Escape().Replace(output.ToString(), "").Replace("\r", "", StringComparison.Ordinal));
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(ProcessStartInfo start, string input)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static async Task ReadUntilAsync(StreamReader reader, StringBuilder read, string text)
    {
        var buffer = new char[256];
        while (!read.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await reader.ReadAsync(buffer);
            Assert.True(count > 0, $"it ended without '{text}': {read}");
            read.Append(buffer, 0, count);
        }
    }

    [GeneratedRegex("\u001b(\\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escape();
}
