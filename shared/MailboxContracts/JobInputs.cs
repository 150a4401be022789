using System.Text.Json;
using System.Text.Json.Serialization;
using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>What an import of accounts works on: a blob of lines, each a JSON value. It has verifiers and no password; it is deleted when its job ends.</summary>
public static class JobInputs
{
    private static readonly JsonSerializerOptions format = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Of the names of a job's blobs. More than one when an edge died after it had written one and before the job knew.</summary>
    public static string PrefixOf(TenantId? tenant, string id) => $"{tenant?.Value ?? "platform"}/job-input/{id}/";

    /// <summary>The line with its end.</summary>
    public static byte[] Write(AccountToImport line) => [.. JsonSerializer.SerializeToUtf8Bytes(line, format), (byte)'\n'];

    /// <exception cref="JsonException">It was not written by <see cref="Write"/>.</exception>
    public static AccountToImport Read(string line) => JsonSerializer.Deserialize<AccountToImport>(line, format) ?? throw new JsonException("the line is null");
}

/// <summary>A line of an import.</summary>
/// <param name="Line">Its number in the file that was sent.</param>
/// <param name="Address">Null when it has none that can be read.</param>
/// <param name="Verifier">What the account's password is checked with; null when the line cannot be done.</param>
/// <param name="Error">Why it cannot be done, in a sentence without the password.</param>
public sealed record AccountToImport(long Line, string? Address, string? Verifier, string? Error);
