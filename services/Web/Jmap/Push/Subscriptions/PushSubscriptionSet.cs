using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>PushSubscription/set (RFC 8620 §7.2.2): without an account, and without states.</summary>
internal static class PushSubscriptionSet
{
    private const int MaxTypes = 32;

    /// <summary>What may be left out, and then is null.</summary>
    private static readonly string[] optional = ["keys", "verificationCode", "types"];

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var create = call.Arguments.FindObject("create") ?? [];
        var update = call.Arguments.FindObject("update") ?? [];
        var destroy = call.Arguments.FindTexts("destroy") ?? [];
        call.Arguments.Done();
        if (create.Count + update.Count + destroy.Count > call.Services.Options.MaxObjectsInSet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInSet} objects");
        }

        var mine = await PushSubscriptionIds.ListAsync(call, cancellationToken);
        var set = new Run(call, call.Services.Grains.GetGrain<IPushSubscriptionsGrain>(call.User.Account.Value), mine.ToDictionary(known => known.Id), cancellationToken);
        foreach (var (key, value) in create)
        {
            await set.CreateAsync(key, value);
        }

        foreach (var (key, value) in update)
        {
            await set.UpdateAsync(key, value);
        }

        foreach (var id in destroy)
        {
            await set.DestroyAsync(id);
        }

        return set.Response;
    }

    private sealed class Run(JmapCall call, IPushSubscriptionsGrain grain, Dictionary<Guid, PushSubscription> mine, CancellationToken cancellationToken)
    {
        private readonly JsonObject created = [];
        private readonly JsonObject notCreated = [];
        private readonly JsonObject updated = [];
        private readonly JsonObject notUpdated = [];
        private readonly JsonArray destroyed = [];
        private readonly JsonObject notDestroyed = [];

        private PushOptions Options => call.Services.Options.Push;

        public JsonObject Response => new()
        {
            ["created"] = Some(created),
            ["updated"] = Some(updated),
            ["destroyed"] = destroyed.Count > 0 ? destroyed : null,
            ["notCreated"] = Some(notCreated),
            ["notUpdated"] = Some(notUpdated),
            ["notDestroyed"] = Some(notDestroyed),
        };

        public async Task CreateAsync(string key, JsonNode? value)
        {
            if (!TryRead(value, out var subscription, out var given, out var error))
            {
                notCreated[key] = error!.ToJson();
                return;
            }

            // RFC 8620 §5.3.
            if (!call.Services.PushCreations.TryAdd(call.User.Account, call.Services.Time.GetUtcNow()))
            {
                notCreated[key] = new SetError("rateLimit", $"an account makes {PushCreations.Most} push subscriptions an hour at most").ToJson();
                return;
            }

            if (!await call.Services.Calls.CallAsync(() => grain.AddAsync(subscription!), cancellationToken))
            {
                notCreated[key] = new SetError("overQuota", $"an account has {PushSubscription.Most} push subscriptions at most").ToJson();
                return;
            }

            mine[subscription!.Id] = subscription;
            call.Request.CreatedIds[key] = PushSubscriptionIds.Of(subscription.Id);
            created[key] = Answer(subscription, given!);
        }

        public async Task UpdateAsync(string key, JsonNode? value)
        {
            if (Find(key) is not { } known)
            {
                notUpdated[key] = new SetError("notFound").ToJson();
            }
            else if (!TryReadUpdate(known, value, out var update, out var changed, out var error))
            {
                notUpdated[key] = error!.ToJson();
            }
            else if (!await call.Services.Calls.CallAsync(() => grain.UpdateAsync(update!), cancellationToken))
            {
                notUpdated[key] = new SetError("notFound").ToJson();
            }
            else
            {
                updated[key] = changed;
            }
        }

        public async Task DestroyAsync(string id)
        {
            if (Find(id) is { } known && await call.Services.Calls.CallAsync(() => grain.RemoveAsync(known.Id), cancellationToken))
            {
                mine.Remove(known.Id);
                destroyed.Add(id);
            }
            else
            {
                notDestroyed[id] = new SetError("notFound").ToJson();
            }
        }

        private PushSubscription? Find(string id) => call.Request.Resolve(id) is { } named && PushSubscriptionIds.TryParse(named, out var guid) ? mine.GetValueOrDefault(guid) : null;

        private bool TryRead(JsonNode? value, out PushSubscription? subscription, out JsonObject? given, out SetError? error)
        {
            (subscription, given) = (null, value as JsonObject);
            if (given is null)
            {
                error = new("invalidProperties", "a push subscription is an object");
                return false;
            }

            var wrong = given.Select(member => member.Key).Where(name => name is not ("deviceClientId" or "url" or "keys" or "verificationCode" or "expires" or "types")).ToList();
            var (device, url) = (JmapArguments.TextOf(given["deviceClientId"]), JmapArguments.TextOf(given["url"]));
            if (device is not { Length: > 0 and <= PushSubscription.MaxText })
            {
                wrong.Add("deviceClientId");
            }

            if (url is not { Length: <= PushSubscription.MaxText } || !PushTarget.IsAllowed(url, Options.AllowPrivate))
            {
                wrong.Add("url");
            }

            if (!TryReadKeys(given["keys"], out var keys))
            {
                wrong.Add("keys");
            }

            // RFC 8620 §7.2: it is null when the subscription is made.
            if (given["verificationCode"] is not null)
            {
                wrong.Add("verificationCode");
            }

            if (!TryReadExpires(given["expires"], out var expires))
            {
                wrong.Add("expires");
            }

            if (!TryReadTypes(given["types"], out var types))
            {
                wrong.Add("types");
            }

            error = wrong.Count > 0 ? SetError.InvalidProperties("url is https and leads to a host of the Internet, keys are those of RFC 8291 in base64url, expires lies ahead", [.. wrong]) : null;
            subscription = wrong.Count > 0 ? null : new()
            {
                Id = Guid.CreateVersion7(),
                Account = call.User.Account,
                Address = call.User.Address.Key,
                Credential = call.User.Credential,
                DeviceClientId = device!,
                Url = url!,
                P256dh = keys?.P256dh,
                Auth = keys?.Auth,
                Code = RandomNumberGenerator.GetHexString(32, lowercase: true),
                Expires = expires,
                Types = types,
            };
            return error is null;
        }

        // What the server has set, and what stands where the client gave nothing (RFC 8620 §5.3).
        private static JsonObject Answer(PushSubscription subscription, JsonObject given)
        {
            var json = new JsonObject { ["id"] = PushSubscriptionIds.Of(subscription.Id), ["expires"] = PushSubscriptionGet.UtcDate(subscription.Expires) };
            foreach (var name in optional.Where(name => !given.ContainsKey(name)))
            {
                json[name] = null;
            }

            return json;
        }

        private bool TryReadUpdate(PushSubscription known, JsonNode? value, out PushSubscriptionUpdate? update, out JsonObject? changed, out SetError? error)
        {
            (update, changed) = (new() { Id = known.Id }, null);
            var wrong = new List<string>();
            foreach (var (name, member) in value as JsonObject ?? new() { ["/"] = null })
            {
                switch (name)
                {
                    // RFC 8620 §7.2.2: with another code than the one that was sent nothing is updated.
                    case "verificationCode" when JmapArguments.TextOf(member) is { } code && CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(code), System.Text.Encoding.UTF8.GetBytes(known.Code)):
                        update = update with { IsVerified = true };
                        break;
                    case "expires" when TryReadExpires(member, out var expires):
                        update = update with { Expires = expires };

                        // Told where it is not what the client asked for.
                        changed = JmapArguments.TextOf(member) == PushSubscriptionGet.UtcDate(expires) ? changed : new() { ["expires"] = PushSubscriptionGet.UtcDate(expires) };
                        break;
                    case "types" when TryReadTypes(member, out var types):
                        update = update with { ChangesTypes = true, Types = types };
                        break;

                    // What is as it was may be given.
                    case "id" when JmapArguments.TextOf(member) == PushSubscriptionIds.Of(known.Id):
                    case "deviceClientId" when JmapArguments.TextOf(member) == known.DeviceClientId:
                        break;
                    default:
                        wrong.Add(name);
                        break;
                }
            }

            error = wrong.Count > 0 ? SetError.InvalidProperties("verificationCode is the one that was pushed; of the others expires and types can be changed", [.. wrong]) : null;
            return error is null;
        }

        private bool TryReadExpires(JsonNode? value, out DateTimeOffset expires)
        {
            var now = call.Services.Time.GetUtcNow();

            // To the second, as it is told.
            var latest = DateTimeOffset.FromUnixTimeSeconds((now + Options.SubscriptionLifetime).ToUnixTimeSeconds());
            expires = latest;
            if (value is null)
            {
                return true;
            }

            if (JmapArguments.TextOf(value) is not { } text
                || !DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var asked) || asked <= now)
            {
                return false;
            }

            expires = asked < latest ? asked : latest;
            return true;
        }

        private static bool TryReadTypes(JsonNode? value, out string[]? types)
        {
            types = null;
            if (value is null)
            {
                return true;
            }

            if (value is not JsonArray { Count: <= MaxTypes } array || array.Any(type => JmapArguments.TextOf(type) is not { Length: > 0 and <= 255 }))
            {
                return false;
            }

            types = [.. array.Select(type => JmapArguments.TextOf(type)!)];
            return true;
        }

        private static bool TryReadKeys(JsonNode? value, out (byte[] P256dh, byte[] Auth)? keys)
        {
            keys = null;
            if (value is null)
            {
                return true;
            }

            if (value is not JsonObject json || FromBase64Url(json["p256dh"]) is not { } p256dh || FromBase64Url(json["auth"]) is not { Length: WebPushEncryption.AuthLength } auth || !WebPushEncryption.IsPublicKey(p256dh))
            {
                return false;
            }

            keys = (p256dh, auth);
            return true;
        }

        private static byte[]? FromBase64Url(JsonNode? value)
        {
            try
            {
                return JmapArguments.TextOf(value) is { Length: < 200 } text ? Base64Url.DecodeFromChars(text) : null;
            }
            catch (FormatException)
            {
                return null;
            }
        }

        private static JsonObject? Some(JsonObject json) => json.Count > 0 ? json : null;
    }
}
