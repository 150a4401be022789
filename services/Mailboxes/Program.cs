using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.Journal.Azure;
using MailCloud.Mailboxes;
using MailCloud.Mailboxes.Backup;
using MailCloud.Queue.RabbitMq;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("mailboxes");
builder.AddHealthListener();
builder.Services.AddAzureBlobs(builder.Configuration);
builder.Services.AddAzureJournal(builder.Configuration);
builder.Services.AddRabbitMqQueue(builder.Configuration);
builder.AddClusterSilo();
builder.AddMailboxes();

var app = builder.Build();
if (RestoreCommand.IsIn(args))
{
    return await RestoreCommand.RunAsync(app, args, Console.Out);
}

app.MapHealth();
await app.RunAsync();
return 0;
