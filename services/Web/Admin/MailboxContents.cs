using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// What is in a mailbox, for an export: <c>GET …/folders</c>, <c>GET …/messages?folder=&amp;uidValidity=&amp;after=</c> in the order of UIDs, a page at a time, and
/// <c>GET …/messages/{uid}?folder=&amp;uidValidity=</c>, the octets of one as they are stored. A UIDVALIDITY that is not the folder's is 409: its UIDs mean other messages.
/// </summary>
internal static class MailboxContents
{
    /// <summary>The flags as the API names them, each beside its bit.</summary>
    internal static readonly (MessageFlags Bit, string Name)[] FlagNames =
    [
        (MessageFlags.Seen, "seen"), (MessageFlags.Answered, "answered"), (MessageFlags.Flagged, "flagged"), (MessageFlags.Deleted, "deleted"), (MessageFlags.Draft, "draft"),
    ];

    private const string Path = "/mailboxes/{address}";

    public static void Map(IEndpointRouteBuilder admin)
    {
        var contents = admin.MapGroup(Path).Requires(AdminPermission.ReadContent, Reach.Address).WithMetadata(new PartOfAWork());
        contents.MapGet("/folders", FoldersAsync).Answers<FolderList>("listFolders", "A mailbox's folders");
        contents.MapGet("/messages", MessagesAsync).Answers<MessagePage>("listMessages", "Messages of a folder in the order of their UIDs");
        contents.MapGet("/messages/{uid}", OctetsAsync).AnswersOctets("getMessage", "The octets of a message as they came", "message/rfc822");
    }

    private static async Task<IResult> FoldersAsync(string address, IGrainFactory grains)
    {
        var found = await MailboxOfAddress.FindAsync(address, grains);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var folders = new List<FolderView>();
        foreach (var folder in await found.Mailbox.ListFoldersAsync())
        {
            var status = folder.NonExistent ? null : await found.Mailbox.GetStatusAsync(folder.Name);
            folders.Add(new(
                folder.Name, folder.SpecialUse, folder.Subscribed, status is not null, status?.UidValidity ?? 0, status?.UidNext ?? 0, status?.Messages ?? 0, status?.Bytes ?? 0));
        }

        return Results.Ok(new FolderList(folders));
    }

    private static async Task<IResult> MessagesAsync(string address, string? folder, uint? uidValidity, uint? after, IGrainFactory grains)
    {
        var (mailbox, opened, refusal) = await OpenAsync(address, folder, uidValidity, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        var page = after == uint.MaxValue
            ? null
            : await mailbox.FetchAsync(new() { FolderId = opened!.FolderId, Uids = [new((after ?? 0) + 1, uint.MaxValue)] });
        var messages = page?.Messages.Select(message => new MessageView(
            message.Uid,
            FlagNames.Where(flag => message.Flags.HasFlag(flag.Bit)).Select(flag => flag.Name),
            page.Keywords.Where((_, i) => message.Flags.HasFlag(KeywordBits.Of(i))),
            message.InternalDate,
            message.Size));
        return Results.Ok(new MessagePage(opened!.UidValidity, messages ?? [], page is { NextUid: > 0 } ? page.NextUid - 1 : null));
    }

    private static async Task<IResult> OctetsAsync(string address, uint uid, string? folder, uint? uidValidity, IGrainFactory grains, IMessageBlobs blobs, HttpContext context)
    {
        var (mailbox, opened, refusal) = await OpenAsync(address, folder, uidValidity, grains);
        if (refusal is not null)
        {
            return refusal;
        }

        var page = await mailbox.FetchAsync(new() { FolderId = opened!.FolderId, Uids = [new(uid, uid)], WithContent = true });
        if (page.Messages is not [{ Content: { } content } message])
        {
            return Problem.NotFound($"{folder} has no message with UID {uid} any more");
        }

        // As they came, not as IMAP shows them: prefix and body.
        await using var body = await blobs.OpenReadAsync(message.Body.Name, 0, message.Body.Length, context.RequestAborted);
        context.Response.ContentType = "message/rfc822";
        context.Response.ContentLength = content.Prefix.Length + message.Body.Length;
        await context.Response.Body.WriteAsync(content.Prefix, context.RequestAborted);
        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
        return Results.Empty;
    }

    private static async Task<(IMailboxGrain Mailbox, OpenedFolder? Opened, IResult? Refusal)> OpenAsync(string address, string? folder, uint? uidValidity, IGrainFactory grains)
    {
        var found = await MailboxOfAddress.FindAsync(address, grains);
        if (found.Refusal is not null)
        {
            return (null!, null, found.Refusal);
        }

        if (string.IsNullOrEmpty(folder))
        {
            return (null!, null, Problem.BadRequest("say which folder: ?folder=NAME"));
        }

        var opened = await found.Mailbox.OpenFolderAsync(folder, claimRecent: false);
        var refusal = opened is null ? Problem.NotFound($"{address} has no folder {folder}")
            : uidValidity is { } expected && expected != opened.UidValidity ? Problem.Conflict($"{folder} is another folder than it was (UIDVALIDITY {opened.UidValidity}): begin with it anew")
            : null;
        return (found.Mailbox, opened, refusal);
    }

    private sealed record FolderList(IReadOnlyList<FolderView> Folders);

    /// <param name="Exists">False: it is only the name of a level above others.</param>
    private sealed record FolderView(string Name, string? SpecialUse, bool Subscribed, bool Exists, uint UidValidity, uint UidNext, int Messages, long Bytes);

    private sealed record MessagePage(uint UidValidity, IEnumerable<MessageView> Messages, uint? Next);

    private sealed record MessageView(uint Uid, IEnumerable<string> Flags, IEnumerable<string> Keywords, DateTimeOffset InternalDate, long Size);
}
