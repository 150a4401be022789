using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.Queue.RabbitMq;
using MailCloud.SmtpIngress;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.AddMailCloudHosting("smtp-ingress");
builder.AddHealthListener();
builder.Services.AddAzureBlobs(builder.Configuration);
builder.Services.AddRabbitMqQueue(builder.Configuration);
builder.AddClusterClient();
builder.AddSmtpIngress();

var app = builder.Build();
app.MapHealth();
await app.RunAsync();
