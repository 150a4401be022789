using System.Globalization;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Admin;

/// <summary>
/// Mail that an operator brings: <c>POST …/imports</c> begins, <c>PUT …/folders?folder=&amp;specialUse=</c> makes a folder,
/// <c>PUT …/imports/{import}/{key}?folder=&amp;date=&amp;flags=&amp;keywords=</c> files one message. An import and a key name one message for ever: repeated, it is filed once. Within an hour of the import's beginning the mailbox remembers the operation; afterwards nothing is filed
/// any more under the import, and what was filed is told by the body that the mailbox holds, which bears the operation's name.
/// </summary>
internal sealed class MailboxImport(IGrainFactory grains, IMessageBlobs blobs, TimeProvider time, ILogger<MailboxImport> log)
{
    /// <summary>What a mailbox accepts by IMAP APPEND unless configured otherwise, and twice that, since old mail was not made for our limit.</summary>
    private const long MaxMessage = 200L * 1024 * 1024;

    /// <summary>Mailboxes remember operations for an hour: five minutes are for clocks that differ and for the call itself.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(55);

    public static void Map(IEndpointRouteBuilder admin)
    {
        var mailbox = admin.MapGroup("/mailboxes/{address}").Requires(AdminPermission.WriteContent, Reach.Address);
        mailbox.MapPost("/imports", (string address, MailboxImport import) => import.BeginAsync(address)).Answers<BegunImport>("beginImport", "Begins an import of mail, which lasts less than an hour");
        mailbox.MapPut("/folders", (string address, string? folder, bool? subscribed, string? specialUse, MailboxImport import) =>
            import.MakeFolderAsync(address, folder, subscribed, specialUse))
            .Answers<MadeFolder>("makeFolder", "Makes a folder where there is none");
        mailbox.MapPut("/imports/{import}/{key}", (
            string address, string import, string key, string? folder, DateTimeOffset? date, string? flags, string? keywords, HttpContext context, MailboxImport imports) =>
            imports.FileAsync(address, import, key, new(folder ?? "INBOX", date, flags ?? "", keywords ?? ""), context)).WithMetadata(new PartOfAWork())
            .Answers<FiledMessage>("importMessage", "Files a message once, however often it is sent under the same import and key");
    }

    private async Task<IResult> BeginAsync(string address)
    {
        var found = await MailboxOfAddress.FindAsync(address, grains);
        return found.Refusal ?? Results.Ok(new BegunImport(DeliveryId.New(time.GetUtcNow()).ToString(), time.GetUtcNow() + Lifetime));
    }

    private async Task<IResult> MakeFolderAsync(string address, string? folder, bool? subscribed, string? specialUse)
    {
        var use = specialUse is null ? null : NewFolder.FindUse(specialUse);
        if (use is null && specialUse is not null)
        {
            return Problem.BadRequest($"specialUse is one of {string.Join(", ", NewFolder.Uses)}");
        }

        var found = await MailboxOfAddress.FindAsync(address, grains);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        switch (string.IsNullOrEmpty(folder) ? FolderResult.InvalidName : await found.Mailbox.CreateFolderAsync(Guid.NewGuid(), new(folder, use)))
        {
            case FolderResult.InvalidName:
                return Problem.BadRequest($"'{folder}' cannot be the name of a folder: no empty level, control character, * or %");
            case FolderResult.TooMany:
                return Problem.Conflict($"{address} has as many folders as it may have");
        }

        if (subscribed is { } value)
        {
            await found.Mailbox.SetSubscribedAsync(folder!, value);
        }

        return Results.Ok(new MadeFolder(folder!));
    }

    private async Task<IResult> FileAsync(string address, string import, string key, Target target, HttpContext context)
    {
        // Step 1: what is asked for, before any octet of the message is read.
        if (!DeliveryId.TryParse(import, out var id) || key.Length > 200)
        {
            return Problem.BadRequest("begin with POST …/imports, and name each message by a key of at most 200 characters");
        }

        if (!target.TryRead(out var flags, out var keywords))
        {
            return Problem.BadRequest("flags are of seen, answered, flagged, deleted, draft; keywords are IMAP atoms; both are separated by commas");
        }

        var found = await MailboxOfAddress.FindAsync(address, grains);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        // Step 2: an import whose hour is over files nothing: only what it has filed can be told.
        var operation = id.Derive(key);
        var name = BodyRef.NameFor(found.Account.Tenant, operation);
        if (time.GetUtcNow() - id.AcceptedAt > Lifetime)
        {
            return (await found.Mailbox.HoldsBodiesAsync([name])).Count > 0
                ? Results.Ok(new FiledMessage(key, "earlier", null, null))
                : Problem.Gone("the import began too long ago and has not filed this message: begin another one, and send it there");
        }

        // Step 3: room for it, so that a refusal costs no upload.
        var quota = await found.Mailbox.GetQuotaAsync();
        if (quota is not { } room || !room.Allows(context.Request.ContentLength ?? 1))
        {
            return Problem.Conflict($"{address} has no room for it: raise its quota first");
        }

        // Step 4: the octets, durable under the operation's name. A repeat finds them there, and its own are dropped.
        var (length, summary) = await UploadAsync(name, found.Account, context);
        if (length == 0)
        {
            return Problem.BadRequest("a message without octets cannot be stored");
        }

        // Step 5: filing, once. What is refused from here on leaves its body to the sweep: a repeat may be using it.
        if (time.GetUtcNow() - id.AcceptedAt > Lifetime)
        {
            return Problem.Gone("the message took so long that its import is over: begin another one, and send it there");
        }

        var message = new AppendedMessage
        {
            Body = new(name, length),
            Summary = summary,
            InternalDate = target.Date ?? time.GetUtcNow(),
            Flags = flags,
            Keywords = keywords,
        };
        var result = await found.Mailbox.AppendAsync(new() { Operation = operation.Value, Folder = target.Folder, Messages = [message] });
        return result.Outcome switch
        {
            WriteOutcome.Done => Results.Ok(new FiledMessage(key, "filed", result.Uids[0].First, result.UidValidity)),
            WriteOutcome.NoSuchFolder => Problem.NotFound($"{address} has no folder {target.Folder}: PUT it to …/folders first"),
            WriteOutcome.OverQuota => Problem.Conflict($"{address} has no room for it: raise its quota first"),
            WriteOutcome.KeywordsFull => Problem.Conflict($"{address} has {KeywordBits.Max} keywords already: send the message without those that it has not"),
            _ => Problem.Conflict("the message has too many parts"),
        };
    }

    private async Task<(long Length, MessageSummary Summary)> UploadAsync(string name, AccountId account, HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaxMessage;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        await using var upload = blobs.Create(name, [BodyOwner.Mailbox(account)]);
        MimeScanner? scanner = new();
        var piece = new byte[64 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(piece, context.RequestAborted)) > 0;)
        {
            await upload.WriteAsync(piece.AsMemory(0, read), context.RequestAborted);
            scanner = Scan(scanner, piece.AsSpan(0, read), name);
        }

        if (upload.Length > 0)
        {
            await upload.CommitAsync(CancellationToken.None);
        }

        return (upload.Length, Summarise(scanner, upload.Length, name));
    }

    // A parser that fails must not keep a message out of its mailbox.
    private MimeScanner? Scan(MimeScanner? scanner, ReadOnlySpan<byte> piece, string name)
    {
        try
        {
            scanner?.Feed(piece);
            return scanner;
        }
        catch (Exception e)
        {
            log.NotParsed(name, e);
            return null;
        }
    }

    private MessageSummary Summarise(MimeScanner? scanner, long length, string name)
    {
        try
        {
            if (scanner?.Finish() is { } summary)
            {
                return summary;
            }
        }
        catch (Exception e)
        {
            log.NotParsed(name, e);
        }

        return new() { Envelope = new(), Structure = new() { Type = "application", Subtype = "octet-stream", BodyLength = length } };
    }

    private sealed record Target(string Folder, DateTimeOffset? Date, string Flags, string Keywords)
    {
        private const string NotInAtom = "(){ %*\"\\]";

        public bool TryRead(out MessageFlags flags, out string[] keywords)
        {
            flags = MessageFlags.None;
            keywords = Split(Keywords);
            foreach (var name in Split(Flags))
            {
                var bit = MailboxContents.FlagNames.FirstOrDefault(flag => flag.Name == name).Bit;
                if (bit == MessageFlags.None)
                {
                    return false;
                }

                flags |= bit;
            }

            return keywords.All(IsAtom);
        }

        private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);

        // RFC 3501 §9: flag-keyword is an atom.
        private static bool IsAtom(string keyword) => keyword.Length <= 100 && keyword.All(c => c is > ' ' and < (char)127 && !NotInAtom.Contains(c, StringComparison.Ordinal));
    }

    private sealed record BegunImport(string Id, DateTimeOffset Until);

    private sealed record MadeFolder(string Name);

    /// <param name="Result">filed, or earlier: it was, and its UID is not known any more.</param>
    private sealed record FiledMessage(string Key, string Result, uint? Uid, uint? UidValidity);
}
