using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MailCloud.Cli.Mailboxes;

/// <summary>One mailbox over the admin API. Each call is repeated while the server cannot be reached: no repeat does anything twice.</summary>
internal sealed class MailboxClient(AdminClient client, string address)
{
    /// <summary>Waits of 1, 2, 4, 8 and 16 seconds: what a restart of the server takes.</summary>
    private const int MaxRepeats = 5;

    private readonly string path = $"/admin/v1/mailboxes/{Uri.EscapeDataString(address)}";

    public async Task<IReadOnlyList<StoredFolder>> FoldersAsync(CancellationToken cancellationToken)
    {
        var answer = await RepeatAsync(() => client.GetAsync($"{path}/folders", cancellationToken), cancellationToken);
        return
        [
            .. answer.GetProperty("folders").EnumerateArray().Select(folder => new StoredFolder(
                folder.GetProperty("name").GetString()!, folder.GetProperty("uidValidity").GetUInt32(), folder.GetProperty("messages").GetInt32(),
                folder.GetProperty("subscribed").GetBoolean(), folder.GetProperty("exists").GetBoolean(), folder.GetProperty("specialUse").GetString())),
        ];
    }

    public async IAsyncEnumerable<StoredMessage> MessagesAsync(StoredFolder folder, uint after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (uint? next = after; next is not null;)
        {
            var from = next;
            var page = await RepeatAsync(() => client.GetAsync($"{path}/messages?{Query(folder)}&after={from}", cancellationToken), cancellationToken);
            foreach (var message in page.GetProperty("messages").EnumerateArray())
            {
                yield return new(message.GetProperty("uid").GetUInt32(), Names(message, "flags"), Names(message, "keywords"), message.GetProperty("internalDate").GetDateTimeOffset());
            }

            next = page.GetProperty("next") is { ValueKind: JsonValueKind.Number } more ? more.GetUInt32() : null;
        }
    }

    /// <summary>Writes the octets of a message to a file, which is emptied first. False: it is not in the mailbox any more.</summary>
    public async Task<bool> ReadAsync(StoredFolder folder, uint uid, FileStream octets, CancellationToken cancellationToken)
    {
        try
        {
            return await RepeatAsync(
                async () =>
                {
                    octets.SetLength(0);
                    await client.CopyAsync($"{path}/messages/{uid}?{Query(folder)}", octets, cancellationToken);
                    return true;
                },
                cancellationToken);
        }
        catch (AdminException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <param name="specialUse">What it is made for; one that is there keeps its own.</param>
    public Task MakeFolderAsync(string folder, bool? subscribed, string? specialUse, CancellationToken cancellationToken)
    {
        var query = $"folder={Uri.EscapeDataString(folder)}{(subscribed is { } value ? $"&subscribed={(value ? "true" : "false")}" : "")}"
            + (specialUse is null ? "" : $"&specialUse={Uri.EscapeDataString(specialUse)}");
        return RepeatAsync(() => client.PutAsync($"{path}/folders?{query}", "", cancellationToken), cancellationToken);
    }

    public async Task<string> BeginImportAsync(CancellationToken cancellationToken) =>
        (await RepeatAsync(() => client.PostForOneAsync($"{path}/imports", cancellationToken), cancellationToken)).GetProperty("id").GetString()!;

    /// <summary>Files the octets of a file as one message, once, however often it is called with the same import.</summary>
    public async Task FileAsync(string import, string folder, FoundMessage message, FileStream octets, CancellationToken cancellationToken)
    {
        await octets.FlushAsync(cancellationToken);
        var name = $"{folder}\n{message.Key}\n{octets.Length}";
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        var date = message.Date is { } given ? $"&date={Uri.EscapeDataString(given.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))}" : "";
        var query = $"folder={Uri.EscapeDataString(folder)}{date}&flags={string.Join(',', message.Flags)}&keywords={Uri.EscapeDataString(string.Join(',', message.Keywords))}";
        await RepeatAsync(
            async () =>
            {
                await using var body = new FileStream(octets.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var content = new StreamContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
                return await client.PutAsync($"{path}/imports/{import}/{key}?{query}", content, cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<T> RepeatAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        for (var repeats = 0; ; repeats++)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (repeats < MaxRepeats && e is AdminException { Transient: true } or HttpIOException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 << repeats), cancellationToken);
            }
        }
    }

    private static string Query(StoredFolder folder) => $"folder={Uri.EscapeDataString(folder.Name)}&uidValidity={folder.UidValidity}";

    private static string[] Names(JsonElement message, string member) => [.. message.GetProperty(member).EnumerateArray().Select(name => name.GetString()!)];
}
