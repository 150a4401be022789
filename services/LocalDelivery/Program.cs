using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.LocalDelivery;
using MailCloud.Queue.RabbitMq;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("local-delivery");
builder.AddHealthListener();
builder.Services.AddAzureBlobs(builder.Configuration);
builder.Services.AddRabbitMqQueue(builder.Configuration);
builder.AddClusterClient();
builder.AddLocalDelivery();

var app = builder.Build();
app.MapHealth();
await app.RunAsync();
