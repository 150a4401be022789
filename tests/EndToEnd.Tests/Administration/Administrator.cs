using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace MailCloud.EndToEnd.Tests.Administration;

/// <summary>Somebody with a token, who asks the admin API, and runs the command, with it.</summary>
internal sealed class Administrator(ServerProcess server, string tokenFile)
{
    public async Task<(HttpStatusCode Status, JsonElement Answer)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.AdminUrl) };
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", (await File.ReadAllTextAsync(tokenFile)).Trim());
        using var answer = await http.SendAsync(request);
        var octets = await answer.Content.ReadAsByteArrayAsync();
        return (answer.StatusCode, octets.Length == 0 ? default : JsonDocument.Parse(octets).RootElement.Clone());
    }

    /// <summary>Asks for what must be done.</summary>
    public async Task<JsonElement> DoAsync(HttpMethod method, string path, object? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body);
        Assert.True(status == HttpStatusCode.OK, $"{method} {path}: {status} {answer}");
        return answer;
    }

    /// <summary>Asks for what must be refused.</summary>
    /// <param name="why">Words of the refusal.</param>
    public async Task RefusedAsync(HttpStatusCode expected, string why, HttpMethod method, string path, object? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body);
        Assert.True(status == expected, $"{method} {path}: {status} {answer}");
        Assert.Contains(why, answer.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Makes a token, and gives back who holds it.</summary>
    public async Task<Administrator> DelegateAsync(object token)
    {
        var made = await DoAsync(HttpMethod.Post, "/admin/v1/tokens", token);
        var file = Path.Combine(server.Data, $"token-{made.GetProperty("token").GetProperty("id").GetString()}");
        await File.WriteAllTextAsync(file, made.GetProperty("secret").GetString());
        return new(server, file);
    }

    /// <summary>Runs a command that must succeed.</summary>
    /// <returns>The lines that it printed, JSON each.</returns>
    public async Task<IReadOnlyList<JsonElement>> MailcloudAsync(params string[] command)
    {
        var (exit, output, errors) = await TryMailcloudAsync(command);
        Assert.True(exit == 0, $"mailcloud {string.Join(' ', command)} ended with {exit}: {errors}");
        return output;
    }

    public async Task<(int Exit, IReadOnlyList<JsonElement> Output, string Errors)> TryMailcloudAsync(params string[] command)
    {
        string[] arguments = [ServerProcess.BuiltPath("services/Cli"), "--server", server.AdminUrl, "--token-file", tokenFile, .. command];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = new List<JsonElement>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            output.Add(JsonDocument.Parse(line).RootElement.Clone());
        }

        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
