using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>A message in a folder as IMAP sees it, with the Email that it is.</summary>
internal sealed record EmailRow(int Folder, uint Uid, Guid Email, MessageFlags Flags);

/// <summary>A mailbox that is written by Emails and looked at by folders.</summary>
internal sealed class WrittenMailbox(TestSilo silo, string account)
{
    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    public IMailboxGrain Folders => silo.Mailbox(account);

    public IEmailGrain Emails => silo.Grains.GetGrain<IEmailGrain>(account);

    public async Task<int> IdAsync(string name) => (await CallAsync(() => Folders.ListFoldersAsync())).Single(f => f.Name == name).Id;

    /// <summary>All messages of all folders, by folder and UID.</summary>
    public async Task<List<EmailRow>> RowsAsync()
    {
        var rows = new List<EmailRow>();
        foreach (var folder in (await CallAsync(() => Folders.ListFoldersAsync())).Where(f => !f.NonExistent).OrderBy(f => f.Id))
        {
            rows.AddRange((await CallAsync(() => Tests.Folders.AllAsync(Folders, folder.Name))).Select(m => new EmailRow(folder.Id, m.Uid, EmailOf(m.Body), m.Flags)));
        }

        return rows;
    }

    public static Guid EmailOf(BodyRef body) => Guid.ParseExact(body.Name[(body.Name.LastIndexOf('/') + 1)..], "N");

    /// <summary>A message of 100 octets whose body is stored.</summary>
    public async Task<AppendedMessage> NewMessageAsync(string subject = "hello", int header = 0)
    {
        var mail = Mail.For(account, subject: subject);
        await using var upload = Blobs.Create(mail.Body.Name, [BodyOwner.Mailbox(new(account))]);
        await upload.WriteAsync(new byte[100], CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
        return new() { Body = mail.Body, Summary = header == 0 ? mail.Summary : mail.Summary with { Header = new byte[header] }, InternalDate = mail.InternalDate };
    }

    public async Task<Guid> AddAsync(params int[] folders)
    {
        var email = new NewEmail { Operation = Guid.NewGuid(), Folders = folders, Message = await NewMessageAsync() };
        var result = await CallAsync(() => Emails.AddAsync(email));
        Assert.Equal(EmailOutcome.Done, result.Outcome);
        return result.Email;
    }

    public async Task<EmailOutcome> UpdateAsync(EmailUpdate update)
    {
        var updates = new EmailUpdates { Operation = Guid.NewGuid(), Updates = [update] };
        return Assert.Single((await CallAsync(() => Emails.UpdateAsync(updates))).Outcomes);
    }

    /// <summary>In doubt the same call again, as an edge makes it.</summary>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is not (ArgumentException or InvalidOperationException))
            {
                // Repeated.
            }
        }

        throw new TimeoutException("the operation never succeeded");
    }
}
