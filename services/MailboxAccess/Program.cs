using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.MailboxAccess;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("mailbox-access");
builder.AddHealthListener();
builder.Services.AddAzureBlobs(builder.Configuration);
builder.AddClusterClient();
builder.AddMailboxAccess();

var app = builder.Build();
app.MapHealth();
await app.RunAsync();
