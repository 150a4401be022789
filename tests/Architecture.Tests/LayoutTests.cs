using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

public sealed partial class LayoutTests
{
    private static readonly string[] TopLevel =
    [
        ".ci", ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md", "Directory.Build.props", "Directory.Packages.props", "LICENSE", "MailCloud.sln",
        "README.md", "deploy", "global.json", "helm", "services", "shared", "tests",
    ];

    // They say nothing of what is inside.
    private static readonly string[] BannedNames = ["Common", "Core", "Utils", "Helpers", "Infrastructure", "Base", "Manager"];

    private static IEnumerable<string> Sources => Repository.Files("services", "*.cs").Concat(Repository.Files("shared", "*.cs")).Concat(Repository.Files("tests", "*.cs"));

    [Fact]
    public void The_top_level_is_what_it_is_said_to_be()
    {
        // What git tracks, not what lies in the folder: a person's own files are no one's business.
        using var git = Process.Start(new ProcessStartInfo("git", "ls-files") { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        var tracked = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Trim('"').Split('/')[0]);
        Assert.Equal(TopLevel, tracked.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_project_is_named_as_its_folder() =>
        Assert.Empty(Repository.Projects.Where(p => Path.GetFileName(Path.GetDirectoryName(p)) != Repository.NameOf(p)));

    [Fact]
    public void A_namespace_is_that_of_its_project()
    {
        var wrong = from file in Sources
                    let declared = Namespace().Match(Repository.Read(file))
                    where declared.Success
                    let project = "MailCloud." + file.Split('/')[1]
                    where declared.Groups[1].Value != project && !declared.Groups[1].Value.StartsWith(project + ".", StringComparison.Ordinal)
                    select $"{file}: {declared.Groups[1].Value}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void No_folder_has_an_empty_name() =>
        Assert.Empty(Sources.Where(f => f.Split('/')[1..^1].Any(part => BannedNames.Contains(part))));

    [Fact]
    public void No_type_has_an_empty_name()
    {
        var wrong = from file in Sources
                    from Match type in TypeName().Matches(Repository.Read(file))
                    where BannedNames.Any(b => type.Groups[1].Value.EndsWith(b, StringComparison.Ordinal))
                    select $"{file}: {type.Groups[1].Value}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Package_versions_stand_in_one_file() =>
        Assert.Empty(Repository.Projects.Where(p => PackageVersion().IsMatch(Repository.Read(p))));

    [Fact]
    public void Every_verb_of_smtp_has_a_transcript()
    {
        var transcripts = Repository.Files("tests/SmtpIngress.Tests/transcripts", "*.smtp").Select(f => Path.GetFileName(f)).ToList();
        var verbs = Repository.Files("services/SmtpIngress/Commands", "*.cs").Where(f => Repository.Read(f).Contains(" RunAsync(", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(verbs);
        Assert.Empty(verbs.Where(v => !transcripts.Any(t => t.StartsWith(Repository.NameOf(v).ToLowerInvariant() + "-", StringComparison.Ordinal))));
    }

    [Fact]
    public void Every_verb_of_imap_is_given_in_a_transcript()
    {
        // One dialog shows several verbs: most of them need a login and a mailbox first.
        var given = Repository.Files("tests/MailboxAccess.Tests/transcripts", "*.imap")
            .SelectMany(f => GivenVerb().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value.ToUpperInvariant())).ToHashSet();
        var verbs = Repository.Files("services/MailboxAccess/Imap/Commands", "*.cs").Where(f => Repository.Read(f).Contains(" RunAsync(", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(verbs);
        Assert.Empty(verbs.Where(v => !given.Contains(Repository.NameOf(v).ToUpperInvariant())));
    }

    [Fact]
    public void Every_verb_of_pop3_is_given_in_a_transcript()
    {
        var given = Repository.Files("tests/MailboxAccess.Tests/transcripts", "*.pop3")
            .SelectMany(f => GivenFirstWord().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value.ToUpperInvariant())).ToHashSet();
        var verbs = Repository.Files("services/MailboxAccess/Pop3/Commands", "*.cs").Where(f => Repository.Read(f).Contains(" RunAsync(", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(verbs);
        Assert.Empty(verbs.Where(v => !given.Contains(Repository.NameOf(v).ToUpperInvariant())));
    }

    [Fact]
    public void Every_project_of_services_and_shared_has_its_page() =>
        Assert.Empty(Repository.Projects.Where(p => !p.StartsWith("tests/", StringComparison.Ordinal) && !Repository.Exists(Path.GetDirectoryName(p) + "/README.md")));

    [Fact]
    public void Every_project_of_tests_is_described()
    {
        var page = Repository.Read("tests/README.md");
        Assert.Empty(Repository.Projects.Where(p => p.StartsWith("tests/", StringComparison.Ordinal) && !page.Contains(Repository.NameOf(p), StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^C \w+ (?:UID )?(\w+)", RegexOptions.Multiline)]
    private static partial Regex GivenVerb();

    [GeneratedRegex(@"^C (\w+)", RegexOptions.Multiline)]
    private static partial Regex GivenFirstWord();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^\s*(?:\w+ )*(?:class|struct|record|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"<PackageReference[^>]*Version=")]
    private static partial Regex PackageVersion();
}
