using MailCloud.AllInOne;
using MailCloud.Mailboxes.Backup;

var builder = AllInOneHost.CreateBuilder(args);
if (RestoreCommand.IsIn(args))
{
    return await RestoreCommand.RunAsync(builder.Build(), args, Console.Out);
}

await AllInOneHost.RunAsync(builder);
return 0;
