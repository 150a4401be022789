using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.Queue.RabbitMq;
using MailCloud.Web;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("web");
builder.Services.AddAzureBlobs(builder.Configuration);
builder.Services.AddRabbitMqQueue(builder.Configuration);
builder.AddClusterClient();
builder.AddWeb();

var app = builder.Build();
app.MapWeb();
await app.RunAsync();
