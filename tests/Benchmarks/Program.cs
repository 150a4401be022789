using System.CommandLine;
using MailCloud.Benchmarks;
using MailCloud.Benchmarks.Accounts;
using MailCloud.Benchmarks.Backups;
using MailCloud.Benchmarks.Cluster;
using MailCloud.Benchmarks.Emails;
using MailCloud.Benchmarks.Hostile;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.MailOut;
using MailCloud.Benchmarks.Pop3;
using MailCloud.Benchmarks.Push;
using MailCloud.Benchmarks.RelayLimits;
using MailCloud.Benchmarks.TenantShare;

var sessions = new Option<int>("--sessions") { Description = "SMTP sessions at once", DefaultValueFactory = _ => 32 };
var size = new Option<int>("--size") { Description = "bytes of a message, header included", DefaultValueFactory = _ => 4096 };
var seconds = new Option<int>("--seconds") { Description = "seconds of measured load per run", DefaultValueFactory = _ => 20 };
var warmUp = new Option<int>("--warm-up") { Description = "seconds of load before it, drained and not counted", DefaultValueFactory = _ => 5 };
var mailboxes = new Option<int>("--mailboxes") { Description = "recipients, each with a mailbox", DefaultValueFactory = _ => 500 };
var rounds = new Option<int>("--rounds") { Description = "runs per server, interleaved, each on fresh data", DefaultValueFactory = _ => 3 };
var keep = new Option<bool>("--keep-connections") { Description = "many messages per connection instead of one" };
var format = new Option<string>("--peer-format") { Description = "mailbox format of Dovecot", DefaultValueFactory = _ => "sdbox" };
var server = new Option<string>("--server") { Description = "which server to measure", DefaultValueFactory = _ => "both" };
var data = new Option<DirectoryInfo>("--data")
{
    Description = "folder for the servers' data, on the file system to measure",
    DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench")),
};
format.AcceptOnlyFromAmong("sdbox", "maildir");
server.AcceptOnlyFromAmong("mailcloud", "postfix-dovecot", "both");

var mailIn = new Command("mail-in", "accept rate and filed rate of SMTP servers with mailboxes")
{
    sessions, size, seconds, warmUp, mailboxes, rounds, keep, format, server, data,
};
mailIn.SetAction((parsed, cancellationToken) => MailInBenchmark.RunAsync(
    new MailInOptions
    {
        Sessions = parsed.GetValue(sessions),
        MessageBytes = parsed.GetValue(size),
        Load = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
        WarmUp = TimeSpan.FromSeconds(parsed.GetValue(warmUp)),
        Mailboxes = parsed.GetValue(mailboxes),
        Rounds = parsed.GetValue(rounds),
        KeepConnections = parsed.GetValue(keep),
        PeerFormat = parsed.GetValue(format)!,
        Servers = parsed.GetValue(server)!,
        Data = parsed.GetValue(data)!.FullName,
    },
    cancellationToken));

return await new RootCommand("MailCloud's load tools")
{
    mailIn, MailOutCommand.Create(), ImapCommand.Create(), Pop3Command.Create(), HostileCommand.Create(), ClusterCommand.Create(), RelayLimitsCommand.Create(),
    TenantShareCommand.Create(), AccountsCommand.Create(), BackupCommand.Create(), EmailsCommand.Create(), PushCommand.Create(),
}.Parse(args).InvokeAsync();
