using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace MailCloud.Architecture.Tests;

/// <summary>
/// The Helm chart against the sources. Options in its schema are those of the services, so that a misspelt one is an error at installation. With <c>MAILCLOUD_WRITE_CHART=1</c> what is made from the
/// sources is written.
/// </summary>
public sealed partial class ChartTests
{
    private const string Chart = "helm/mailcloud";
    private const string Schema = $"{Chart}/values.schema.json";
    private const string Readme = "helm/README.md";
    private const string Deployments = $"{Chart}/templates/deployments.yaml";

    /// <summary>Of AllInOne alone.</summary>
    private const string Embedded = "Embedded";

    private static readonly bool isWriting = Environment.GetEnvironmentVariable("MAILCLOUD_WRITE_CHART") == "1";

    private static readonly JsonSerializerOptions format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly IDeserializer yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();

    /// <summary>The services as the chart has them: key in the values → name and sections.</summary>
    private static Dictionary<string, Dictionary<string, object>> Services => yaml.Deserialize<Dictionary<string, Dictionary<string, object>>>(
        ServicesPart().Match(Repository.Read($"{Chart}/templates/_services.tpl")).Groups[1].Value);

    [Fact]
    public void Each_service_has_the_sections_that_it_knows()
    {
        // What everybody starts by hand.
        string[] apart = ["AllInOne", "Cli"];
        var projects = Repository.Files("services", "Program.cs").Select(file => file.Split('/')[1]).Except(apart);
        var known = projects.ToDictionary(
            project => char.ToLowerInvariant(project[0]) + project[1..], project => OptionFiles.SectionsOf($"services/{project}/{project}.csproj").Keys.Where(section => section != Embedded).Order(StringComparer.Ordinal));
        Assert.Equal(known.Keys.Order(StringComparer.Ordinal), Services.Keys.Order(StringComparer.Ordinal));
        Assert.All(Services, service => Assert.Equal(known[service.Key], ((IEnumerable<object>)service.Value["sections"]).Cast<string>()));
    }

    [Fact]
    public void The_schema_has_the_options_of_the_services_and_no_others()
    {
        var schema = JsonNode.Parse(Repository.Read(Schema))!;
        schema["definitions"]!["options"] = Options();
        HasOrWrites(Schema, schema.ToJsonString(format) + "\n");
    }

    [Fact]
    public void The_page_tells_of_each_value()
    {
        var rows = new StringBuilder("| value | default | is |\n|---|---|---|\n");
        AddRows(rows, "", JsonNode.Parse(Repository.Read(Schema))!, yaml.Deserialize<object>(Repository.Read($"{Chart}/values.yaml")));
        HasOrWrites(Readme, Table().Replace(Repository.Read(Readme), match => match.Groups[1].Value + rows + match.Groups[2].Value));
    }

    [Theory]
    [InlineData("POD_NAME", "metadata.name")]
    [InlineData("POD_NAMESPACE", "metadata.namespace")]
    [InlineData("POD_IP", "status.podIP")]
    [InlineData("ORLEANS_SERVICE_ID", "metadata.labels['orleans/serviceId']")]
    [InlineData("ORLEANS_CLUSTER_ID", "metadata.labels['orleans/clusterId']")]
    public void A_silo_is_told_which_pod_it_is(string variable, string field)
    {
        Assert.Contains(variable, Repository.Read("shared/Cluster/README.md"), StringComparison.Ordinal);
        Assert.Matches($$"""- \{name: {{variable}}, valueFrom: \{fieldRef: \{fieldPath: "?{{Regex.Escape(field)}}"?\}\}\}""", Repository.Read(Deployments));
    }

    [Fact]
    public void Silos_pods_have_the_labels_by_which_they_find_each_other_and_their_token()
    {
        var text = Repository.Read(Deployments);
        Assert.Contains("orleans/serviceId: {{ $cluster.id | quote }}", text, StringComparison.Ordinal);
        Assert.Contains("orleans/clusterId: {{ $cluster.id | quote }}", text, StringComparison.Ordinal);
        Assert.Contains("automountServiceAccountToken: {{ and (eq $key \"mailboxes\") $cluster.kubernetes }}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Silos_may_see_pods_and_do_nothing_else()
    {
        var rules = Rules().Matches(Repository.Read($"{Chart}/templates/rbac.yaml")).Select(rule => $"{rule.Groups[1].Value}: {rule.Groups[2].Value}");
        Assert.Equal(["resources: pods", "verbs: get, list, watch"], rules);
    }

    private static void HasOrWrites(string file, string text)
    {
        if (isWriting)
        {
            File.WriteAllText(Path.Combine(Repository.Root, file), text);
        }

        Assert.Equal(text, Repository.Read(file));
    }

    private static JsonObject Options()
    {
        var sections = Services.Keys
            .Select(key => char.ToUpperInvariant(key[0]) + key[1..])
            .SelectMany(project => OptionFiles.SectionsOf($"services/{project}/{project}.csproj"))
            .Where(section => section.Key != Embedded)
            .DistinctBy(section => section.Key)
            .OrderBy(section => section.Key, StringComparer.Ordinal);
        var logging = new JsonObject { ["description"] = "Levels of log categories: LogLevel: {Default: Information}, as .NET has them.", ["type"] = "object" };
        return new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject([.. sections.Select(section => KeyValuePair.Create(section.Key, (JsonNode?)Of(section.Value))), KeyValuePair.Create("Logging", (JsonNode?)logging)]),
        };
    }

    private static JsonObject Of(IEnumerable<OptionFiles.Option> options) => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject(options.Select(option => KeyValuePair.Create(option.Name, (JsonNode?)Of(option)))),
    };

    private static JsonObject Of(OptionFiles.Option option)
    {
        var type = option.Type.TrimEnd('?');
        var items = ListOf().Match(type) is { Success: true } list ? list.Groups[1].Value + list.Groups[2].Value : null;
        var schema = items is null ? OfType(type) : new JsonObject { ["type"] = "array", ["items"] = OfType(items) };
        if (option.Summary.Length > 0)
        {
            schema.Insert(0, "description", option.Summary);
        }

        return schema;
    }

    private static JsonObject OfType(string type) => type switch
    {
        "string" or "Uri" => new() { ["type"] = "string" },
        "int" or "long" => new() { ["type"] = "integer" },
        "double" => new() { ["type"] = "number" },
        "bool" => new() { ["type"] = "boolean" },
        "TimeSpan" => new() { ["type"] = "string", ["pattern"] = @"^(\d+\.)?\d{1,2}:\d{2}(:\d{2}(\.\d{1,7})?)?$" },
        _ when OptionFiles.OfType(type) is { Count: > 0 } options => Of(options),
        _ => new() { ["type"] = "object" },
    };

    // Down to what has no members of its own; options stand on the services' pages.
    private static void AddRows(StringBuilder rows, string path, JsonNode schema, object? values)
    {
        foreach (var (name, value) in schema["properties"]!.AsObject())
        {
            var (inner, own) = (path.Length == 0 ? name : $"{path}.{name}", (values as IDictionary<object, object>)?.TryGetValue(name, out var found) == true ? found : null);
            if (value!["properties"] is not null)
            {
                rows.Append(CultureInfo.InvariantCulture, $"| **`{inner}`** | | {value["description"]} |\n");
                AddRows(rows, inner, value, own);
            }
            else if (value["description"] is { } description)
            {
                rows.Append(CultureInfo.InvariantCulture, $"| `{inner}` | {Shown(own)} | {description} |\n");
            }
        }
    }

    private static string Shown(object? value) => value switch
    {
        null or "" => "",
        string text => $"`{text}`",
        _ => $"`{JsonSerializer.Serialize(value, compact)}`",
    };

    [GeneratedRegex(@"define ""mailcloud.services"" -\}\}\n(.*?)\{\{- end", RegexOptions.Singleline)]
    private static partial Regex ServicesPart();

    [GeneratedRegex(@"(<!-- values -->\n).*?(<!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^ +(resources|verbs): \[(.*)\]$", RegexOptions.Multiline)]
    private static partial Regex Rules();

    [GeneratedRegex(@"^(?:IReadOnlyList<(\w+)>|(\w+)\[\])$")]
    private static partial Regex ListOf();
}
