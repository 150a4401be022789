using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// Accounts of a tenant and what their quotas come to. Invariants:
/// <list type="number">
/// <item>A claim is open, counted or gone, and becomes each once: it is counted when its address has applied it, and goes when its address says that it never will.</item>
/// <item>Open claims take room and give none back, so that whatever becomes of them the limit holds.</item>
/// </list>
/// Re-entrant: an address that is asked about a claim may be waiting for the answer to another.
/// </summary>
[Reentrant]
internal sealed class TenantUsageGrain(GrainStorage storage, ILogger<TenantUsageGrain> log) : SnapshotGrain<TenantUsageState, UsageEvent>(storage), ITenantUsageGrain
{
    /// <summary>A claim that is open for longer belongs to a process that died, mostly: its address is asked. A call takes 30 s at most.</summary>
    private static readonly TimeSpan AskAfter = TimeSpan.FromMinutes(1);

    protected override string JournalName => $"usage/{this.GetPrimaryKeyString()}";

    public async Task<ClaimResult> ClaimAsync(UsageClaim claim, TenantLimits limits)
    {
        // An address changes in one step at a time: what else it has claimed belongs to a step that failed.
        await ResolveAsync(open => open.Claim.AddressKey == claim.AddressKey && open.Claim.Id != claim.Id);
        if (Decide(claim, limits) != ClaimResult.Granted)
        {
            await ResolveAsync(IsOld);
        }

        var result = Decide(claim, limits);
        if (result == ClaimResult.Granted && !State.Open.ContainsKey(claim.Id))
        {
            Record(new UsageClaimed(claim, Storage.Time.GetUtcNow()));
        }

        await Durable();
        return result;
    }

    public async Task SettleAsync(Guid claim)
    {
        End(claim, ClaimState.Applied);
        await Durable();
    }

    public async Task<TenantUsage> GetAsync()
    {
        await ResolveAsync(IsOld);
        var usage = new TenantUsage(State.Accounts + State.Open.Values.Sum(open => open.Claim.Accounts), State.Octets + State.Open.Values.Sum(open => open.Claim.Octets));
        await Durable();
        return usage;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(TenantUsageState state, UsageEvent recorded)
    {
        switch (recorded)
        {
            case UsageClaimed claimed:
                state.Open[claimed.Claim.Id] = new(claimed.Claim, claimed.At);
                break;
            case UsageSettled settled when state.Open.Remove(settled.Claim, out var open):
                state.Accounts += open.Claim.Accounts;
                state.Octets += open.Claim.Octets;
                break;
            case UsageAbandoned abandoned:
                state.Open.Remove(abandoned.Claim);
                break;
        }
    }

    private ClaimResult Decide(UsageClaim claim, TenantLimits limits)
    {
        var others = State.Open.Values.Select(open => open.Claim).Where(open => open.Id != claim.Id).ToList();
        var accounts = State.Accounts + others.Sum(open => Math.Max(0, open.Accounts)) + claim.Accounts;
        var octets = State.Octets + others.Sum(open => Math.Max(0, open.Octets)) + claim.Octets;
        return claim.Accounts > 0 && limits.Accounts > 0 && accounts > limits.Accounts ? ClaimResult.TooManyAccounts
            : claim.Octets > 0 && limits.StorageBytes > 0 && octets > limits.StorageBytes ? ClaimResult.TooMuchStorage
            : ClaimResult.Granted;
    }

    private bool IsOld(OpenClaim open) => open.At <= Storage.Time.GetUtcNow() - AskAfter;

    private Task ResolveAsync(Func<OpenClaim, bool> which) => Task.WhenAll(State.Open.Values.Where(which).Select(open => ResolveAsync(open.Claim)).ToArray());

    private async Task ResolveAsync(UsageClaim claim)
    {
        try
        {
            End(claim.Id, await AnswerOf(GrainFactory.GetGrain<IAddressGrain>(claim.AddressKey).ResolveClaimAsync(claim.Id)));
        }
        catch (Exception e)
        {
            // It takes room until the address answers.
            MailboxesLog.ClaimUnresolved(log, claim.AddressKey, e);
        }
    }

    private void End(Guid claim, ClaimState state)
    {
        if (State.Open.ContainsKey(claim) && state != ClaimState.Undecided)
        {
            Record(state == ClaimState.Applied ? new UsageSettled(claim) : new UsageAbandoned(claim));
        }
    }
}
