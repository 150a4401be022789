using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Admin;

/// <summary>The mailbox behind an address, or why there is none.</summary>
internal readonly record struct MailboxOfAddress(AccountId Account, IMailboxGrain Mailbox, IResult? Refusal)
{
    public static async Task<MailboxOfAddress> FindAsync(string address, IGrainFactory grains)
    {
        if (!EmailAddress.TryParse(address, out var parsed))
        {
            return Refused(Problem.NoAddress(address));
        }

        return await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is { Kind: AddressKind.Account, Account: { } account }
            ? new(account, grains.GetGrain<IMailboxGrain>(account.Value), null)
            : Refused(Problem.NotFound($"{parsed.Key} is no account, so it has no mailbox"));
    }

    private static MailboxOfAddress Refused(IResult refusal) => new(default, null!, refusal);
}
