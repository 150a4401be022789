using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Web.Admin;

namespace MailCloud.Web.SignIns;

/// <summary>Tokens of the role <c>user</c> that a sign-in gives. An account has so many at a time; one more ends the oldest, as nobody signs out who closes a browser.</summary>
internal sealed class SignInTokens(IGrainFactory grains, GrainCalls calls, KnownTokens known, TimeProvider time)
{
    /// <summary>A working day, as long as the sessions of a browser are that is used for nothing but mail.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>Whoever signs in at the same moment may take the room that was made.</summary>
    private const int Tries = 3;

    /// <summary>Null when there is no room, whatever was ended.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async Task<(string Secret, ApiToken Token)?> CreateAsync(AddressRecord account, AppPasswordMatch? appPassword, CancellationToken cancellationToken)
    {
        var (text, now) = (TokenText.New(), time.GetUtcNow());
        var token = new ApiToken
        {
            Id = text.Id,
            Name = appPassword is null ? "sign-in" : $"sign-in by {appPassword.Name}",
            Role = AdminRole.User,
            Tenant = account.Tenant,
            Address = account.Address.Key,
            Account = account.Account,
            Permissions = appPassword is null ? null : Roles.OfAppPasswords,
            Hash = text.Hash(),
            CreatedAt = now,
            CreatedBy = "sign-in",
            ExpiresAt = now + Lifetime,
            IsSignIn = true,
            AppPassword = appPassword?.Id,
        };
        var list = ListOf(token);
        for (var tried = 0; tried < Tries; tried++)
        {
            // On the list before it is made, so that none works that nobody sees.
            if (await calls.CallAsync(() => list.AddAsync(token.Id, token.ExpiresAt), cancellationToken))
            {
                await calls.CallAsync(() => grains.GetGrain<IApiTokenGrain>(token.Id).CreateAsync(token), cancellationToken);
                return (text.ToString(), token);
            }

            foreach (var oldest in await calls.CallAsync(() => list.GetPageAsync("", 1), cancellationToken))
            {
                await EndAsync(oldest, list, cancellationToken);
            }
        }

        return null;
    }

    /// <summary>False: it is none of a sign-in, or has ended.</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async Task<bool> RevokeAsync(TokenText shown)
    {
        if (await calls.CallAsync(() => grains.GetGrain<IApiTokenGrain>(shown.Id).FindAsync(), CancellationToken.None) is not { IsSignIn: true } token || !shown.IsOf(token))
        {
            return false;
        }

        await EndAsync(token.Id, ListOf(token), CancellationToken.None);
        return true;
    }

    // The token first: while it works it is on the list.
    private async Task EndAsync(string id, IApiTokenListGrain list, CancellationToken cancellationToken)
    {
        await calls.CallAsync(() => grains.GetGrain<IApiTokenGrain>(id).RevokeAsync(), cancellationToken);
        known.Forget(id);
        await calls.CallAsync(() => list.RemoveAsync(id), cancellationToken);
    }

    private IApiTokenListGrain ListOf(ApiToken token) => grains.GetGrain<IApiTokenListGrain>(ApiTokenLists.KeyOf(token));
}
