using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace MailCloud.Cli;

/// <summary>The admin API over HTTP. Its errors become one line that says what to do.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient http;
    private readonly Uri server;

    public AdminClient(Uri server, FileInfo tokenFile)
    {
        this.server = server;

        // Long work streams its answer: the limit is on silence between lines, which the server keeps short, and not on the whole.
        http = new() { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ReadToken(tokenFile));
    }

    /// <summary>Terms of a query string that has some before; those without a value are left out.</summary>
    public static string Filter(params (string Name, string? Value)[] terms) =>
        string.Concat(terms.Where(term => term.Value is not null).Select(term => $"&{term.Name}={Uri.EscapeDataString(term.Value!)}"));

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => AnswerAsync(new(HttpMethod.Get, path), cancellationToken);

    public Task<JsonElement> PutAsync(string path, string json, CancellationToken cancellationToken) =>
        AnswerAsync(new(HttpMethod.Put, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, cancellationToken);

    /// <summary>Makes what is not there yet: when it is, nothing changes and the status is 412 (RFC 9110 §13.1.2).</summary>
    public Task<JsonElement> PutNewAsync(string path, string json, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        return AnswerAsync(request, cancellationToken);
    }

    public Task<JsonElement> DeleteAsync(string path, CancellationToken cancellationToken) => AnswerAsync(new(HttpMethod.Delete, path), cancellationToken);

    private async Task<JsonElement> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        try
        {
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw NotTheApi();
        }
    }

    /// <summary>Sends octets and returns the answer.</summary>
    public Task<JsonElement> PutAsync(string path, HttpContent content, CancellationToken cancellationToken) => AnswerAsync(new(HttpMethod.Put, path) { Content = content }, cancellationToken);

    public Task<JsonElement> PostForOneAsync(string path, CancellationToken cancellationToken) => PostForOneAsync(path, content: null, cancellationToken);

    public Task<JsonElement> PostForOneAsync(string path, HttpContent? content, CancellationToken cancellationToken) =>
        AnswerAsync(new(HttpMethod.Post, path) { Content = content }, cancellationToken);

    public Task<JsonElement> PostForOneAsync(string path, string json, CancellationToken cancellationToken) =>
        AnswerAsync(new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, cancellationToken);

    /// <summary>Copies the octets of the answer.</summary>
    public async Task CopyAsync(string path, Stream target, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new(HttpMethod.Get, path), cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await body.CopyToAsync(target, cancellationToken);
    }

    /// <summary>Posts and yields the answer's lines, each one JSON value, as they come.</summary>
    public async IAsyncEnumerable<JsonElement> PostAsync(string path, HttpContent? content, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in LinesAsync(new(HttpMethod.Post, path) { Content = content }, cancellationToken))
        {
            if (line.Length > 0)
            {
                yield return Parse(line);
            }
        }
    }

    private JsonElement Parse(string line)
    {
        try
        {
            return JsonElement.Parse(line);
        }
        catch (JsonException)
        {
            throw NotTheApi();
        }
    }

    /// <summary>Yields the answer's lines as they come.</summary>
    public IAsyncEnumerable<string> GetLinesAsync(string path, CancellationToken cancellationToken) => LinesAsync(new(HttpMethod.Get, path), cancellationToken);

    public void Dispose() => http.Dispose();

    private async IAsyncEnumerable<string> LinesAsync(HttpRequestMessage request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(body);
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    private async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new AdminException($"{server} broke off its answer ({e.Message}): it is not whole, so repeat the command") { Transient = true };
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.InvalidResponse)
        {
            throw NotTheApi();
        }
        catch (HttpRequestException e)
        {
            throw new AdminException($"{server} does not answer ({e.Message}). Is MailCloud running, and is this its admin address?") { Transient = true };
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new AdminException(response.StatusCode == HttpStatusCode.Unauthorized
                ? "the server does not take this token. Give the file that it wrote with --token-file."
                : await ProblemAsync(response, cancellationToken))
            {
                Status = response.StatusCode,
                Transient = response.StatusCode >= HttpStatusCode.InternalServerError,
            };
        }
    }

    // RFC 9457: "detail" says what was wrong and what to do.
    private async Task<string> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString()! : WithoutDetail();
        }
        catch (JsonException)
        {
            return WithoutDetail();
        }

        string WithoutDetail() => response.StatusCode == HttpStatusCode.NotFound
            ? NotTheApi().Message
            : string.Create(CultureInfo.InvariantCulture, $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}: see what it logs");
    }

    private AdminException NotTheApi() => new($"{server} answers, but not as the admin API. Give its admin address with --server, like http://127.0.0.1:8081.");

    private static string ReadToken(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"the token file cannot be read: {e.Message}");
        }
    }
}

/// <summary>Something that the person at the terminal can mend; its message is all they need to see.</summary>
internal sealed class AdminException(string message) : Exception(message)
{
    /// <summary>The server's answer; null when there was none.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The same request may be answered later.</summary>
    public bool Transient { get; init; }
}
