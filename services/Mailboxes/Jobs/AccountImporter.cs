using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>Does lines of an import. A repeat changes nothing that is as it should be.</summary>
internal sealed class AccountImporter(IGrainFactory grains)
{
    /// <summary>Lines that are worked on at a time: making an account is six writes one after the other, and a store commits those of many accounts together.</summary>
    private const int Lanes = 16;

    /// <summary>What became of each line, in their order. Lines of one address are done one after the other, those of others beside one another.</summary>
    /// <param name="tenant">Beyond which nothing is hosted; null: the whole platform is in reach.</param>
    /// <param name="isPatient">True: throws when one cannot be stored, so that all of them are done again later. False: such a line has failed.</param>
    public async Task<ImportOutcome[]> RunAsync(IReadOnlyList<AccountToImport> lines, TenantId? tenant, bool isPatient, CancellationToken cancellationToken)
    {
        var outcomes = new ImportOutcome[lines.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, lines.Count).GroupBy(place => LaneOf(lines[place], place)), parallel, async (places, _) =>
        {
            foreach (var place in places)
            {
                outcomes[place] = await DoAsync(lines[place], tenant, isPatient);
            }
        });
        return outcomes;
    }

    private static string LaneOf(AccountToImport line, int place) => EmailAddress.TryParse(line.Address ?? "", out var address) ? address.Key : $"{place}";

    private async Task<ImportOutcome> DoAsync(AccountToImport line, TenantId? tenant, bool isPatient)
    {
        if (line.Error is not null || line.Verifier is null || !EmailAddress.TryParse(line.Address ?? "", out var address))
        {
            return ImportOutcome.Failed(line.Error ?? "the line does not begin with an address and a comma");
        }

        try
        {
            return await StoreAsync(address, line.Verifier, tenant);
        }
        catch (Exception) when (!isPatient)
        {
            return ImportOutcome.Failed("it could not be stored: import the file again, which repeats no line that was done");
        }
    }

    private async Task<ImportOutcome> StoreAsync(EmailAddress address, string verifier, TenantId? reach)
    {
        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() is not { } tenant || (reach is not null && reach != tenant))
        {
            return ImportOutcome.Failed($"{address.AsciiDomain} is not hosted here: add it to a tenant first");
        }

        var grain = grains.GetGrain<IAddressGrain>(address.Key);
        var existing = await grain.GetAsync();
        if (existing is { Kind: not AddressKind.Account })
        {
            return ImportOutcome.Failed($"the address exists and is no account ({existing.Kind.ToString().ToLowerInvariant()})");
        }

        if (existing?.Verifier == verifier)
        {
            return ImportOutcome.Unchanged;
        }

        var record = existing ?? new AddressRecord { Address = address, Tenant = tenant, Kind = AddressKind.Account };
        var result = await grain.PutAsync(record with { Verifier = verifier });
        return result switch
        {
            PutAddressResult.Created => ImportOutcome.Created,
            PutAddressResult.Updated => ImportOutcome.Updated,
            _ => ImportOutcome.Failed(PutAddressRefusals.LimitOf(result, tenant) ?? $"{address.AsciiDomain} is not hosted for the account's tenant"),
        };
    }
}

/// <summary>What became of a line: <paramref name="Name"/> is counted.</summary>
internal sealed record ImportOutcome(string Name, string? Error)
{
    public static readonly ImportOutcome Created = new("created", null);

    public static readonly ImportOutcome Updated = new("updated", null);

    public static readonly ImportOutcome Unchanged = new("unchanged", null);

    public static ImportOutcome Failed(string why) => new("failed", why);
}
