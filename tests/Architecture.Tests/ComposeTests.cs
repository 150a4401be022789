using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>deploy/compose.yaml, which no Docker engine reads here, against the sources: a misspelt option would be no error but silence.</summary>
public sealed partial class ComposeTests
{
    private const string Shared = "x-environment";

    /// <summary>Each service's project, and the options that it is given, as <c>Smtp:Mx</c>.</summary>
    private static readonly Dictionary<string, (string? Project, List<string> Options)> Given = Read();

    private static IEnumerable<(string Project, List<string> Options)> Services =>
        from part in Given
        where part.Value.Project is not null
        select (part.Value.Project!, (List<string>)[.. part.Value.Options, .. Given[Shared].Options]);

    [Fact]
    public void Every_option_is_one_that_the_service_has()
    {
        var unknown = from service in Services
                      let known = OptionsOf($"services/{service.Project}/{service.Project}.csproj").ToHashSet()
                      from option in service.Options
                      where !known.Contains(option)
                      select $"{service.Project}: {option}";
        Assert.Empty(unknown);
    }

    [Fact]
    public void Every_service_is_there()
    {
        // What everybody starts by hand.
        string[] apart = ["AllInOne", "Cli"];
        var projects = Repository.Files("services", "Program.cs").Select(file => file.Split('/')[1]).Except(apart);
        Assert.Equal(projects.Order(StringComparer.Ordinal), Services.Select(service => service.Project).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_are_found()
    {
        Assert.Contains("Smtp:Mx", Given["smtp-ingress"].Options);
        Assert.Contains("AzureStorage:ConnectionString", Given[Shared].Options);
        Assert.Contains("AzureStorage:ConnectionString", OptionsOf("services/Web/Web.csproj"));
        Assert.DoesNotContain("Smtp:Mx", OptionsOf("services/Web/Web.csproj"));
    }

    private static Dictionary<string, (string? Project, List<string> Options)> Read()
    {
        var parts = new Dictionary<string, (string? Project, List<string> Options)>();
        var part = "";
        foreach (var line in Repository.Read("deploy/compose.yaml").Split('\n'))
        {
            if (Part().Match(line) is { Success: true } begin)
            {
                part = begin.Groups[1].Value;
                parts[part] = (null, []);
            }
            else if (Project().Match(line) is { Success: true } project)
            {
                parts[part] = parts[part] with { Project = project.Groups[1].Value };
            }
            else if (Option().Match(line) is { Success: true } option)
            {
                // An entry of a list, Hosts__0, is the option Hosts.
                parts[part].Options.Add($"{option.Groups[1].Value}:{option.Groups[2].Value}");
            }
        }

        return parts;
    }

    /// <summary>The options of a project and of all that it references: by the convention that XOptions.cs names its section and has a property for each.</summary>
    private static IEnumerable<string> OptionsOf(string project)
    {
        var folder = Path.GetDirectoryName(project)!.Replace('\\', '/');
        var own = from file in Repository.Files(folder, "*Options.cs")
                  let text = Repository.Read(file)
                  from Match property in Property().Matches(text)
                  select $"{Section().Match(text).Groups[1].Value}:{property.Groups[1].Value}";
        return own.Concat(Repository.References(project).SelectMany(reference => OptionsOf($"{reference}/{Path.GetFileName(reference)}.csproj")));
    }

    /// <summary>A service, or what services share: at the left, or one step in.</summary>
    [GeneratedRegex(@"^(?:  )?([a-z][a-z0-9-]*):(?: &[a-z]+)?$")]
    private static partial Regex Part();

    [GeneratedRegex(@"args: \{SERVICE: (\w+)\}")]
    private static partial Regex Project();

    [GeneratedRegex(@"^\s+([A-Z]\w*?)__([A-Za-z0-9]+)(?:__\w+)?: ")]
    private static partial Regex Option();

    [GeneratedRegex(@"Section <c>(\w+)</c>")]
    private static partial Regex Section();

    [GeneratedRegex(@"^    public [^(=\n]*?(\w+) \{ get; init; \}", RegexOptions.Multiline)]
    private static partial Regex Property();
}
