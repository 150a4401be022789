using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Search;
using MailKit.Security;
using MimeKit;
using MimeKit.Utils;

namespace MailCloud.Cli.Checks;

/// <summary>
/// A message that an account sends to itself by submission, reads by IMAP and POP3, finds by its trace and deletes. The password goes only to a host whose certificate is right.
/// </summary>
/// <param name="pop3">Null when there is no POP3 to check.</param>
internal sealed class MailRoundTrip(AdminClient client, ServiceChecks services, MailService submission, MailService imap, MailService? pop3)
{
    /// <summary>POP3 has no search: as many headers are read. Others may come in between.</summary>
    private const int MostHeaders = 50;

    /// <summary>Of each step; a message is filed within a second unless something is wrong.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<CheckResult>> RunAsync(MailboxAddress account, string password, CancellationToken cancellationToken)
    {
        var mail = new Mail(account, password, MimeUtils.GenerateMessageId(account.Domain));
        var trace = $"see what became of it: mailcloud trace '{mail.Id}'";
        var sent = await StepAsync(
            "test mail: sent", "see what the service logs, and whether the account's address and password are right", token => SendAsync(mail, token), cancellationToken);
        if (sent.Verdict != Verdict.Ok)
        {
            return [sent];
        }

        List<CheckResult> results = [sent, await StepAsync("test mail: read by IMAP", $"{trace}; if it comes later it stays in the mailbox", token => ReadAsync(mail, token), cancellationToken)];
        var isFiled = results[^1].Verdict == Verdict.Ok;
        if (isFiled && pop3 is not null)
        {
            results.Add(await StepAsync("test mail: read by POP3", "see what the service logs: IMAP has the message", token => PopAsync(pop3, mail, token), cancellationToken));
        }

        results.Add(await StepAsync("test mail: trace", "see what LocalDelivery and the silos log", token => TraceAsync(mail, isFiled, token), cancellationToken));
        if (isFiled)
        {
            results.Add(await StepAsync("test mail: deleted", $"delete it from {account.Address} yourself, and see what the service logs", token => DeleteAsync(mail, token), cancellationToken));
        }

        return results;
    }

    private static async Task<CheckResult> StepAsync(string check, string advice, Func<CancellationToken, Task<string>> run, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return CheckResult.Ok(check, await run(limit.Token));
        }
        catch (Exception e) when (ServiceChecks.IsOfService(e) && limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return CheckResult.Failed(check, $"not within {Limit.TotalSeconds:0} seconds", advice);
        }
        catch (SslHandshakeException)
        {
            return CheckResult.Failed(check, "not tried: the certificate is not right, and might be another's", "mend the certificate first; --trust takes an authority of one's own");
        }
        catch (Exception e) when (e is AdminException || (ServiceChecks.IsOfService(e) && !cancellationToken.IsCancellationRequested))
        {
            return CheckResult.Failed(check, Output.Plain(e.Message).Split('\n')[0], advice);
        }
    }

    private async Task<string> SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        using var smtp = (SmtpClient)await ConnectAsync(submission, mail, cancellationToken);
        using var message = new MimeMessage(
            [mail.Account], [mail.Account], "MailCloud doctor", new TextPart("plain") { Text = "A test of this installation, which deletes this message once it has read it.\n" })
        {
            MessageId = mail.Id,
        };
        await smtp.SendAsync(message, cancellationToken);
        await smtp.DisconnectAsync(quit: true, cancellationToken);
        return $"by {mail.Account.Address} to itself";
    }

    private async Task<string> ReadAsync(Mail mail, CancellationToken cancellationToken)
    {
        using var session = (ImapClient)await ConnectAsync(imap, mail, cancellationToken);
        await session.Inbox.OpenAsync(FolderAccess.ReadOnly, cancellationToken);
        IList<UniqueId> found;
        while ((found = await FindAsync(session, mail, cancellationToken)).Count == 0)
        {
            await Task.Delay(Pause, cancellationToken);
            await session.NoOpAsync(cancellationToken);
        }

        using var message = await session.Inbox.GetMessageAsync(found[0], cancellationToken);
        await session.DisconnectAsync(quit: true, cancellationToken);
        return $"in INBOX, UID {found[0]}";
    }

    private async Task<string> PopAsync(MailService service, Mail mail, CancellationToken cancellationToken)
    {
        using var session = (Pop3Client)await ConnectAsync(service, mail, cancellationToken);
        for (var i = session.Count - 1; i >= Math.Max(0, session.Count - MostHeaders); i--)
        {
            if ((await session.GetMessageHeadersAsync(i, cancellationToken))[HeaderId.MessageId]?.Contains(mail.Id, StringComparison.Ordinal) == true)
            {
                await session.DisconnectAsync(quit: true, cancellationToken);
                return $"as message {i + 1}";
            }
        }

        throw new IOException($"not among the last {MostHeaders} messages");
    }

    private async Task<string> TraceAsync(Mail mail, bool isFiled, CancellationToken cancellationToken)
    {
        for (; ; await Task.Delay(Pause, cancellationToken))
        {
            try
            {
                var answer = await client.GetAsync($"/admin/v1/trace?message-id={Uri.EscapeDataString(mail.Id)}", cancellationToken);
                string[] kinds = [.. answer.GetProperty("messages").EnumerateArray()
                    .SelectMany(message => message.GetProperty("events").EnumerateArray()).Select(happened => Output.Member(happened, "kind")!).Where(kind => kind != "named")];
                if (kinds.Contains("accepted") && (!isFiled || kinds.Contains("filed")))
                {
                    return string.Join(", ", kinds);
                }
            }
            catch (AdminException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
            {
                // What has just happened is there about two seconds later.
            }
        }
    }

    private async Task<string> DeleteAsync(Mail mail, CancellationToken cancellationToken)
    {
        using var session = (ImapClient)await ConnectAsync(imap, mail, cancellationToken);
        await session.Inbox.OpenAsync(FolderAccess.ReadWrite, cancellationToken);
        var found = await FindAsync(session, mail, cancellationToken);
        await session.Inbox.AddFlagsAsync(found, MessageFlags.Deleted, silent: true, cancellationToken);
        await session.Inbox.ExpungeAsync(found, cancellationToken);
        await session.DisconnectAsync(quit: true, cancellationToken);
        return "by IMAP";
    }

    private static Task<IList<UniqueId>> FindAsync(ImapClient session, Mail mail, CancellationToken cancellationToken) =>
        session.Inbox.SearchAsync(SearchQuery.HeaderContains("Message-ID", mail.Id), cancellationToken);

    private async Task<MailKit.MailService> ConnectAsync(MailService service, Mail mail, CancellationToken cancellationToken)
    {
        var session = await services.ConnectSafelyAsync(service, cancellationToken);
        try
        {
            await session.AuthenticateAsync(mail.Account.Address, mail.Password, cancellationToken);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private sealed record Mail(MailboxAddress Account, string Password, string Id);
}
