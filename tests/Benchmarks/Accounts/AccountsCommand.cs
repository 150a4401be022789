using System.CommandLine;

namespace MailCloud.Benchmarks.Accounts;

/// <summary>The command line of <c>accounts</c>.</summary>
internal static class AccountsCommand
{
    public static Command Create()
    {
        var hashed = new Option<int>("--accounts") { Description = "accounts that are imported with a hash, into one domain", DefaultValueFactory = _ => 100_000 };
        var clear = new Option<int>("--clear") { Description = "accounts that are imported with passwords in clear, into another", DefaultValueFactory = _ => 2_000 };
        var starts = new Option<int>("--starts") { Description = "starts of the server on the filled folder; each walks all pages twice", DefaultValueFactory = _ => 3 };
        var pages = new Option<int>("--pages") { Description = "pages at random places, and as many of random prefixes, after each walk", DefaultValueFactory = _ => 300 };
        var filled = new Option<bool>("--filled") { Description = "the folder has the accounts of an earlier run: only pages are measured" };
        var offset = new Option<int>("--port-offset") { Description = "added to every port", DefaultValueFactory = _ => 1_000 };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "folder for the server's data; its content is deleted unless it is filled",
            DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(Repository.Root, "tests", ".run", "bench-accounts")),
        };
        var command = new Command("accounts", "how fast accounts are imported, and how long pages of the list of a large domain take") { hashed, clear, starts, pages, filled, offset, data };
        command.SetAction((parsed, cancellationToken) => new AccountsBenchmark(new AccountsOptions
        {
            Hashed = parsed.GetValue(hashed),
            Clear = parsed.GetValue(clear),
            Starts = parsed.GetValue(starts),
            Pages = parsed.GetValue(pages),
            IsFilled = parsed.GetValue(filled),
            PortOffset = parsed.GetValue(offset),
            Data = parsed.GetValue(data)!.FullName,
        }).RunAsync(cancellationToken));
        return command;
    }
}
