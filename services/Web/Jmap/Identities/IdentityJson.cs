using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Identities;

/// <summary>Identities as JSON (RFC 8621 §6), and back.</summary>
internal static class IdentityJson
{
    public static readonly string[] Properties = ["id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete"];

    // A hundred of them stay below 5 MB.
    private const int MaxName = 500;
    private const int MaxAddresses = 20;
    private const int MaxText = 10_000;
    private const int MaxHtml = 32_000;

    public static string IdOf(Guid identity) => $"i{identity:N}";

    public static bool TryParseId(string text, out Guid identity)
    {
        identity = default;
        return text.Length == 33 && text[0] == 'i' && !text.AsSpan(1).ContainsAnyInRange('A', 'F') && Guid.TryParseExact(text.AsSpan(1), "N", out identity);
    }

    public static JsonObject Of(SendingIdentity identity, JmapUser user) => new()
    {
        ["id"] = IdOf(identity.Id),
        ["name"] = identity.Name,
        ["email"] = EmailOf(identity, user),
        ["replyTo"] = Of(identity.ReplyTo),
        ["bcc"] = Of(identity.Bcc),
        ["textSignature"] = identity.TextSignature,
        ["htmlSignature"] = identity.HtmlSignature,
        ["mayDelete"] = identity.Id != SendingIdentity.Own,
    };

    public static string EmailOf(SendingIdentity identity, JmapUser user) => identity.Id == SendingIdentity.Own ? user.Address.ToString() : identity.Email;

    /// <summary>The identity with the properties that a client gives; what is wrong with them otherwise.</summary>
    /// <param name="identity">As it is, or a new one.</param>
    /// <param name="given">By name.</param>
    /// <param name="user">Whose it is.</param>
    /// <param name="isNew">An identity's address never changes.</param>
    /// <param name="read">The outcome; as it was when something is wrong.</param>
    public static SetError? Read(SendingIdentity identity, JsonObject given, JmapUser user, bool isNew, out SendingIdentity read)
    {
        read = identity;
        var wrong = new List<string>();

        // RFC 8621 §6 lets a server have "*@domain", of which this one has none.
        foreach (var (name, value) in given)
        {
            var next = name switch
            {
                "name" when Text(value, MaxName) is { } text && !text.AsSpan().ContainsAny('\r', '\n') => read with { Name = text },
                "email" when isNew && JmapArguments.TextOf(value) is { } email && EmailAddress.TryParse(email, out var address) && address.LocalPart != "*" => read with { Email = email },
                "email" when !isNew && JmapArguments.TextOf(value) == EmailOf(identity, user) => read,
                "replyTo" when TryAddresses(value, out var addresses) => read with { ReplyTo = addresses },
                "bcc" when TryAddresses(value, out var addresses) => read with { Bcc = addresses },
                "textSignature" when Text(value, MaxText) is { } text => read with { TextSignature = text },
                "htmlSignature" when Text(value, MaxHtml) is { } html => read with { HtmlSignature = html },

                // RFC 8620 §5.3: what the server sets may be given as it is.
                "id" when !isNew && JmapArguments.TextOf(value) == IdOf(identity.Id) => read,
                "mayDelete" when !isNew && value?.GetValueKind() == (identity.Id == SendingIdentity.Own ? JsonValueKind.False : JsonValueKind.True) => read,
                _ => null,
            };
            read = next ?? read;
            if (next is null)
            {
                wrong.Add(name);
            }
        }

        if (isNew && read.Email.Length == 0 && !wrong.Contains("email"))
        {
            wrong.Add("email");
        }

        if (wrong.Count == 0)
        {
            return null;
        }

        read = identity;
        return SetError.InvalidProperties($"of another type, too long, unknown, or fixed: {string.Join(", ", wrong)}", [.. wrong]);
    }

    private static JsonArray? Of(NamedAddress[]? addresses) =>
        addresses is null ? null : new([.. addresses.Select(address => new JsonObject { ["name"] = address.Name, ["email"] = address.Email })]);

    private static string? Text(JsonNode? value, int most) => JmapArguments.TextOf(value) is { } text && Encoding.UTF8.GetByteCount(text) <= most ? text : null;

    private static bool TryAddresses(JsonNode? value, out NamedAddress[]? addresses)
    {
        addresses = null;
        if (value is null)
        {
            return true;
        }

        if (value is not JsonArray { Count: <= MaxAddresses } array)
        {
            return false;
        }

        var read = array.Select(AddressOf).ToArray();
        addresses = [.. read.OfType<NamedAddress>()];
        return addresses.Length == read.Length;
    }

    private static NamedAddress? AddressOf(JsonNode? node)
    {
        if (node is not JsonObject json || json.Any(member => member.Key is not ("name" or "email")) || JmapArguments.TextOf(json["email"]) is not { } email || !EmailAddress.TryParse(email, out _))
        {
            return null;
        }

        return json["name"] is null ? new(null, email) : Text(json["name"], MaxName) is { } name ? new(name, email) : null;
    }
}
