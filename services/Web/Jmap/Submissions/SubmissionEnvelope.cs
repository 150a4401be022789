using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>The envelope of a submission (RFC 8621 §7), given or derived.</summary>
/// <param name="From">An empty address is the null reverse-path.</param>
/// <param name="To">Each once.</param>
/// <param name="HoldUntil">By HOLDFOR or HOLDUNTIL (RFC 4865); null: it goes at once.</param>
/// <param name="HoldRequest">As reports repeat it.</param>
internal sealed record SubmissionEnvelope(SentAddress From, IReadOnlyList<SentAddress> To, DateTimeOffset? HoldUntil = null, string? HoldRequest = null)
{
    private static SetError Malformed => SetError.InvalidProperties("envelope is {mailFrom: {email, parameters}, rcptTo: [{email, parameters}]}", "envelope");

    public JsonObject ToJson() => ToJson(From, To);

    public static JsonObject ToJson(SentAddress from, IEnumerable<SentAddress> to) => new() { ["mailFrom"] = ToJson(from), ["rcptTo"] = new JsonArray([.. to.Select(ToJson)]) };

    /// <summary>Reads what a client gives; what is wrong with it otherwise.</summary>
    public static SetError? Read(JsonObject json, JmapCall call, out SubmissionEnvelope? envelope)
    {
        envelope = null;
        if (json.Any(member => member.Key is not ("mailFrom" or "rcptTo")) || AddressOf(json["mailFrom"]) is not { } from || json["rcptTo"] is not JsonArray array)
        {
            return Malformed;
        }

        var to = array.Select(AddressOf).ToArray();
        if (to.Contains(null))
        {
            return Malformed;
        }

        // RCPT takes no parameter that submissionExtensions names.
        if (to.FirstOrDefault(address => address!.Parameters is { Length: > 0 }) is { } extended)
        {
            return SetError.InvalidProperties($"there is no parameter {extended.Parameters![0].Name} of recipients", "envelope");
        }

        var (error, until, request) = ReadHold(from.Parameters ?? [], call);
        envelope = new(from, [.. to.DistinctBy(address => KeyOf(address!.Email))!], until, request);
        return error;
    }

    /// <summary>From the message's header (RFC 8621 §7.5): Sender, else From; To, Cc and Bcc, each address once.</summary>
    public static SubmissionEnvelope Derive(EnvelopeFields header, string identityEmail)
    {
        var from = AddressesOf(header.Sender).Concat(AddressesOf(header.From)).FirstOrDefault() ?? identityEmail;
        var to = AddressesOf(header.To).Concat(AddressesOf(header.Cc)).Concat(AddressesOf(header.Bcc));
        return new(new(from, null), [.. to.DistinctBy(KeyOf).Select(email => new SentAddress(email, null))]);
    }

    public static IEnumerable<string> AddressesOf(IEnumerable<AddressField> fields) =>
        fields.Where(field => field is { Mailbox: not null, Host: not null }).Select(field => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes($"{field.Mailbox}@{field.Host}")));

    private static string KeyOf(string email) => EmailAddress.TryParse(email, out var address) ? address.Key : email;

    private static JsonObject ToJson(SentAddress address) => new()
    {
        ["email"] = address.Email,
        ["parameters"] = address.Parameters is null ? null : new JsonObject(address.Parameters.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)p.Value))),
    };

    private static SentAddress? AddressOf(JsonNode? node)
    {
        if (node is not JsonObject json || json.Any(member => member.Key is not ("email" or "parameters")) || JmapArguments.TextOf(json["email"]) is not { } email)
        {
            return null;
        }

        if (json["parameters"] is null)
        {
            return new(email, null);
        }

        return json["parameters"] is JsonObject parameters && parameters.All(p => p.Value is null || JmapArguments.TextOf(p.Value) is not null)
            ? new(email, [.. parameters.Select(p => new SentParameter(p.Key, JmapArguments.TextOf(p.Value)))])
            : null;
    }

    private static (SetError? Error, DateTimeOffset? Until, string? Request) ReadHold(SentParameter[] parameters, JmapCall call)
    {
        var now = call.Services.Time.GetUtcNow();
        var most = call.Services.Options.MaxHold;
        DateTimeOffset? until = null;
        string? request = null;
        foreach (var (name, value) in parameters)
        {
            var given = name.ToUpperInvariant() switch
            {
                // RFC 4865 §4.1: one of both, once.
                "HOLDFOR" when until is null && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= most.TotalSeconds => now.AddSeconds(seconds),
                "HOLDUNTIL" when until is null && value is not null && JmapText.TryUtcDate(value, out var at) => at,
                _ => default(DateTimeOffset?),
            };
            if (given is null || given > now + most)
            {
                var error = $"of parameters of mailFrom there is HOLDFOR, of {most.TotalSeconds:0} seconds at most, or HOLDUNTIL, a UTCDate no later";
                return (SetError.InvalidProperties(error, "envelope"), null, null);
            }

            (until, request) = (given, $"{name[4..].ToLowerInvariant()};{value}");
        }

        // What would go at once goes as all other mail does: there is nothing to take back.
        return until > now ? (null, until, request) : (null, null, null);
    }
}
