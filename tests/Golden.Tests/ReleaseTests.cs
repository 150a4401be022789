using System.Runtime.CompilerServices;

namespace MailCloud.Golden.Tests;

/// <summary>
/// A release and the one before it work side by side, on the same stores: what differs between them is written down in <c>releases/changes.txt</c>, with why it may. The rules stand in the README of
/// MailboxContracts.
/// </summary>
public sealed class ReleaseTests
{
    private const string Release = "release ";

    /// <summary>Why something may be there that the previous release has not got, or the other way round.</summary>
    private static readonly string[] Reasons = ["dropped", "apart", "later", "gone"];

    private static string[] Previous => File.ReadAllLines(PathOf("previous.txt"));

    private static (string Change, string Reason)[] Declared =>
        [.. File.ReadAllLines(PathOf("changes.txt")).Where(line => line.Length > 0 && !line.StartsWith('#')).Select(line => line.Split(" | ") is [var change, var reason] ? (change, reason) : (line, ""))];

    [Fact]
    public void What_differs_from_the_previous_release_is_declared()
    {
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CUT_RELEASE") is { } commit)
        {
            File.WriteAllLines(PathOf("previous.txt"), [Release + commit, .. Contracts.Present]);
            File.WriteAllLines(PathOf("changes.txt"), File.ReadAllLines(PathOf("changes.txt")).Where(line => line.StartsWith('#')));
        }

        var before = Previous.Skip(1).ToHashSet(StringComparer.Ordinal);
        string[] changes = [.. Contracts.Present.Except(before).Select(line => $"+ {line}"), .. before.Except(Contracts.Present).Select(line => $"- {line}")];
        string[] declared = [.. Declared.Select(d => d.Change)];
        Assert.True(!changes.Except(declared).Any(), $"not in releases/changes.txt:\n{string.Join('\n', changes.Except(declared))}");
        Assert.True(!declared.Except(changes).Any(), $"in releases/changes.txt, and no difference:\n{string.Join('\n', declared.Except(changes))}");
    }

    [Fact]
    public void What_is_declared_has_a_reason()
    {
        foreach (var (change, reason) in Declared)
        {
            var word = reason.Split(": ")[0];
            Assert.True(Reasons.Contains(word) && reason.Length > word.Length + 2, $"{change}: '{reason}' is no reason: one of {string.Join(", ", Reasons)}, a colon, and why");
            Assert.Equal(change.StartsWith("- ", StringComparison.Ordinal), word == "gone");
        }
    }

    /// <summary>The list is that of the build from which a cluster is upgraded in EndToEnd.Tests.</summary>
    [Fact]
    public void The_list_is_of_the_release_that_upgrades_begin_with() =>
        Assert.Equal(Release + File.ReadAllText(PathOf("../../EndToEnd.Tests/Upgrade/previous-release")).Trim(), Previous[0]);

    private static string PathOf(string name, [CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "releases", name);
}
