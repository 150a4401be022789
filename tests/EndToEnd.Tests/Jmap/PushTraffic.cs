using System.Globalization;
using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>What clients that are told of changes leave in the figures.</summary>
internal static class PushTraffic
{
    /// <summary>The server's setting without which it pushes to nobody of this machine.</summary>
    public const string Setting = "Web:Jmap:Push:AllowPrivate";

    /// <summary>An event source hears of a delivery, and a push service that knows nothing of the subscription is asked once.</summary>
    public static async Task RunAsync(int http, string user, string password, Func<Task> deliver)
    {
        using var session = await JmapSession.OpenAsync(http, user, password);
        await using var events = await EventStream.OpenAsync(session);
        var state = (await session.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!.GetValue<string>();
        await deliver();
        await events.UntilAsync(session.Account, "Email", unlike: state);
        var subscription = new JsonObject { ["deviceClientId"] = Guid.NewGuid().ToString("N"), ["url"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{http}/nobody") };
        var answer = await session.CallAsync("PushSubscription/set", new() { ["create"] = new JsonObject { ["new"] = subscription } }, isOfAccount: false);
        Assert.True(answer["created"]?["new"] is not null, answer.ToJsonString());
    }
}
