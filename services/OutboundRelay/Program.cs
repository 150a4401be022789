using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.OutboundRelay;
using MailCloud.Queue.RabbitMq;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("outbound-relay");
builder.AddHealthListener();
builder.Services.AddAzureBlobs(builder.Configuration);
builder.Services.AddRabbitMqQueue(builder.Configuration);
builder.AddClusterClient();
builder.AddOutboundRelay();

var app = builder.Build();
app.MapHealth();
await app.RunAsync();
