using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MailCloud.Web.Jmap;

/// <summary>One method call of a request, its references resolved, and what it may use.</summary>
/// <param name="Arguments">Each property that is not read or listed as known by the method is refused by <see cref="JmapArguments.Done"/>.</param>
internal sealed record JmapCall(string Method, JmapArguments Arguments, JmapRequest Request)
{
    public JmapServices Services => Request.Services;

    public JmapUser User => Request.User;

    /// <summary>The mailbox that the call is about: that of the argument accountId, which is the user's own.</summary>
    /// <exception cref="MethodException">accountNotFound, or invalidArguments without it (RFC 8620 §3.6.2).</exception>
    public AccountId Account => Arguments.RequireAccount("accountId", User);

    public IEmailGrain Emails => Services.Grains.GetGrain<IEmailGrain>(Account.Value);
}

/// <summary>What is common to all calls of a request.</summary>
internal sealed class JmapRequest(JmapUser user, JmapServices services, IReadOnlySet<string> capabilities, IReadOnlyDictionary<string, string>? createdIds)
{
    private readonly List<(string Method, JsonObject Arguments)> following = [];

    public JmapUser User => user;

    public JmapServices Services => services;

    /// <summary>What the request is using.</summary>
    public IReadOnlySet<string> Capabilities => capabilities;

    /// <summary>Ids of records that the request has made, by creation id (RFC 8620 §3.3).</summary>
    public Dictionary<string, string> CreatedIds { get; } = createdIds is null ? [] : new(createdIds);

    /// <summary>What it may still have read from blobs.</summary>
    public OctetBudget Octets { get; } = new(services.Options.MaxOctetsRead);

    /// <summary>Calls that a method makes of itself: each gets its response with the same call id, right after the method's own (RFC 8620 §5.4, RFC 8621 §7.5).</summary>
    public void Follow(string method, JsonObject arguments) => following.Add((method, arguments));

    public IReadOnlyList<(string Method, JsonObject Arguments)> TakeFollowing()
    {
        var taken = following.ToArray();
        following.Clear();
        return taken;
    }

    /// <summary>The id that an argument names: itself, or with <c>#</c> that of a record made in this request; null when there is none.</summary>
    public string? Resolve(string id) => id.StartsWith('#') ? CreatedIds.GetValueOrDefault(id[1..]) : id;
}

/// <summary>Whoever makes a request.</summary>
/// <param name="Address">Of the account, its key.</param>
/// <param name="IsReadOnly">A token that may only read: every method that changes something fails with accountReadOnly.</param>
internal sealed record JmapUser(AccountId Account, EmailAddress Address, TenantId Tenant, bool IsReadOnly)
{
    /// <summary>What was shown, as a name (<see cref="Push.Subscriptions.PushCredential"/>).</summary>
    public string Credential { get; init; } = "";

    /// <summary>The account's id in JMAP: letters and digits, as AccountId has a slash.</summary>
    public string AccountKey => KeyOf(Account);

    /// <summary>Of an endpoint that needs one (<see cref="Access.NeedsJmapUser"/>).</summary>
    public static ValueTask<JmapUser?> BindAsync(HttpContext context) => new(context.Features.GetRequiredFeature<JmapUser>());

    public static string KeyOf(AccountId account) => $"a{account.Value[(account.Tenant.Value.Length + 1)..]}";
}
