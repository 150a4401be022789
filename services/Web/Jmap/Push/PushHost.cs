using MailCloud.Watching;
using MailCloud.Web.Jmap.Push.Subscriptions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Web.Jmap.Push;

/// <summary>What telling clients of changes is made of.</summary>
internal static class PushHost
{
    public static void AddPush(this IHostApplicationBuilder builder)
    {
        builder.AddWatching();
        builder.Services.AddSingleton<AccountFeeds>();
        builder.Services.AddSingleton<PushPlaces>();
        builder.Services.AddSingleton<KeyedTurns>();
        builder.Services.AddSingleton<PostTurns>();
        builder.Services.AddSingleton<PushPoster>();
        builder.Services.AddSingleton<PushServices>();
        builder.Services.AddHostedService<PushWorker>();
    }
}
