using MailCloud.AllInOne;

await AllInOneHost.RunAsync(AllInOneHost.CreateBuilder(args));
