using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET</c> and <c>POST /admin/v1/addresses/{address}/app-passwords</c>, <c>DELETE …/{id}</c>: further passwords of an account, each for a device. The answer to a POST is the only one that has the secret.
/// </summary>
internal static class AppPasswords
{
    private const LoginProtocols Mail = LoginProtocols.Imap | LoginProtocols.Pop | LoginProtocols.Smtp;

    private static readonly LoginProtocols[] single = [LoginProtocols.Imap, LoginProtocols.Pop, LoginProtocols.Smtp, LoginProtocols.Http];

    public static void Map(IEndpointRouteBuilder admin)
    {
        var passwords = admin.MapGroup("/addresses/{address}/app-passwords");
        passwords.MapGet("", (string address, IGrainFactory grains) => WithAsync(address, grains, ListAsync)).Requires(AdminPermission.ReadDirectory, Reach.Address)
            .Answers<AppPasswordList>("listAppPasswords", "Further passwords of an account, each for a device");
        passwords.MapPost("", (string address, NewPassword body, Caller caller, Act act, IGrainFactory grains, TimeProvider time) =>
            caller.May(AdminPermission.ReadContent) ? WithAsync(address, grains, (account, list) => AddAsync(account, list, body, act, time)) : Task.FromResult(OpensMail))
            .Requires(AdminPermission.ResetPasswords, Reach.Address)
            .Answers<AppPasswordView>("addAppPassword", "Makes one; its secret is in this answer, and nowhere else");
        passwords.MapDelete("/{id:guid}", (string address, Guid id, Act act, IGrainFactory grains) => WithAsync(address, grains, (account, list) => RemoveAsync(account, list, id, act)))
            .Requires(AdminPermission.ResetPasswords, Reach.Address)
            .Answers<RemovedAppPassword>("removeAppPassword", "Takes one back; sessions that it opened end");
    }

    // A password that is set is noticed by its owner, whom it locks out. One that is added is not.
    private static IResult OpensMail => Problem.Forbidden("an app password opens the mailbox, whose content this token may not read");

    private static async Task<IResult> ListAsync(EmailAddress account, IAppPasswordsGrain passwords) =>
        Results.Ok(new AppPasswordList((await passwords.ListAsync()).Select(password => AppPasswordView.Of(password))));

    private static async Task<IResult> AddAsync(EmailAddress account, IAppPasswordsGrain passwords, NewPassword body, Act act, TimeProvider time)
    {
        var name = body.Name?.Trim() ?? "";
        if (name.Length is 0 or > AppPassword.MaxName || name.Any(char.IsControl))
        {
            return Problem.BadRequest($"name is what the device is called: 1 to {AppPassword.MaxName} characters");
        }

        if (!TryParse(body.Scopes, out var scopes))
        {
            return Problem.BadRequest("scopes is a list of imap, pop, smtp and http; left out it is the first three");
        }

        var now = time.GetUtcNow();
        if (body.ExpiresAt <= now)
        {
            return Problem.BadRequest("expiresAt is a time to come; left out the app password does not expire");
        }

        var secret = AppPasswordSecret.New();
        var password = new AppPassword { Id = Guid.NewGuid(), Name = name, Scopes = scopes, MadeAt = now, ExpiresAt = body.ExpiresAt };
        var result = await passwords.AddAsync(password, AppPasswordSecret.DigestOf(secret)!);
        if (result == AddAppPasswordResult.Added)
        {
            act.Changed(null, Written(password), "secret");
        }

        return result switch
        {
            AddAppPasswordResult.Added => Results.Ok(AppPasswordView.Of(password) with { Secret = secret }),
            AddAppPasswordResult.TooMany => Problem.Conflict($"{account.Key} has {AppPassword.Most} app passwords: remove one first"),
            AddAppPasswordResult.NameTaken => Problem.Conflict($"{account.Key} has an app password called {name}: remove it first, or give another name"),
            _ => NoAccount(account),
        };
    }

    private static async Task<IResult> RemoveAsync(EmailAddress account, IAppPasswordsGrain passwords, Guid id, Act act)
    {
        var before = (await passwords.ListAsync()).FirstOrDefault(password => password.Id == id);
        if (!await passwords.RemoveAsync(id))
        {
            return Problem.NotFound($"{account.Key} has no app password {id}");
        }

        act.Changed(before is null ? null : Written(before), null);
        return Results.Ok(new RemovedAppPassword(id));
    }

    // As the audit log has it.
    private static object Written(AppPassword password) => new { password.Id, password.Name, Scopes = NamesOf(password.Scopes), password.ExpiresAt };

    private static async Task<IResult> WithAsync(string address, IGrainFactory grains, Func<EmailAddress, IAppPasswordsGrain, Task<IResult>> act) =>
        !EmailAddress.TryParse(address, out var parsed) ? Problem.NoAddress(address)
        : await grains.GetGrain<IAddressGrain>(parsed.Key).GetAsync() is { Kind: AddressKind.Account } ? await act(parsed, grains.GetGrain<IAppPasswordsGrain>(parsed.Key))
        : NoAccount(parsed);

    private static bool TryParse(string[]? names, out LoginProtocols scopes)
    {
        scopes = names is null ? Mail : LoginProtocols.None;
        foreach (var name in names ?? [])
        {
            var scope = Array.Find(single, scope => NameOf(scope) == name);
            if (scope == LoginProtocols.None)
            {
                return false;
            }

            scopes |= scope;
        }

        return scopes != LoginProtocols.None;
    }

    private static IEnumerable<string> NamesOf(LoginProtocols scopes) => single.Where(scope => scopes.HasFlag(scope)).Select(NameOf);

    private static string NameOf(LoginProtocols protocol) => protocol.ToString().ToLowerInvariant();

    private static IResult NoAccount(EmailAddress address) => Problem.NotFound($"there is no account {address.Key}");

    private sealed record AppPasswordList(IEnumerable<AppPasswordView> AppPasswords);

    private sealed record RemovedAppPassword(Guid Id);

    private sealed record NewPassword(string? Name, string[]? Scopes, DateTimeOffset? ExpiresAt);

    /// <summary>An app password as the API shows it; its secret once.</summary>
    private sealed record AppPasswordView(Guid Id, string Name, IEnumerable<string> Scopes, DateTimeOffset MadeAt, DateTimeOffset? ExpiresAt, LastUse? LastUse, string? Secret)
    {
        public static AppPasswordView Of(AppPassword password) => new(
            password.Id,
            password.Name,
            NamesOf(password.Scopes),
            password.MadeAt,
            password.ExpiresAt,
            password.LastUse is { } use ? new(use.At, NameOf(use.Protocol), use.Network) : null,
            null);
    }

    private sealed record LastUse(DateTimeOffset At, string Protocol, string Network);
}
