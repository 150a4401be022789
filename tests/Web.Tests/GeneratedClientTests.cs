using System.Diagnostics;

namespace MailCloud.Web.Tests;

/// <summary>A client of the admin API that Kiota makes from its document: it compiles, and talks to the server.</summary>
[Collection(nameof(WebServer))]
public sealed class GeneratedClientTests(WebServer server) : IDisposable
{
    private const string Program = """
        using MailCloud.AdminClient;
        using Microsoft.Kiota.Abstractions;
        using Microsoft.Kiota.Abstractions.Authentication;
        using Microsoft.Kiota.Http.HttpClientLibrary;

        var client = new AdminClient(new HttpClientRequestAdapter(new Bearer(args[1])) { BaseUrl = args[0] });
        var tenant = await client.Admin.V1.Tenants["demo"].GetAsync();
        var accounts = await client.Admin.V1.Accounts.GetAsync(request => request.QueryParameters.Domain = "example.test");
        int? limit = tenant!.Limits!.Domains;
        Console.WriteLine($"{tenant.Id} {limit} {accounts!.Accounts!.Any(account => account.Address == "postmaster@example.test")}");

        internal sealed class Bearer(string token) : IAuthenticationProvider
        {
            public Task AuthenticateRequestAsync(RequestInformation request, Dictionary<string, object>? context = null, CancellationToken cancellationToken = default)
            {
                request.Headers.Add("Authorization", $"Bearer {token}");
                return Task.CompletedTask;
            }
        }
        """;

    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Microsoft.Kiota.Abstractions" />
            <PackageReference Include="Microsoft.Kiota.Http.HttpClientLibrary" />
            <PackageReference Include="Microsoft.Kiota.Serialization.Form" />
            <PackageReference Include="Microsoft.Kiota.Serialization.Json" />
            <PackageReference Include="Microsoft.Kiota.Serialization.Multipart" />
            <PackageReference Include="Microsoft.Kiota.Serialization.Text" />
          </ItemGroup>
        </Project>
        """;

    private static readonly TimeSpan limit = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mailcloud-client-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task It_compiles_and_reads_a_tenant_and_its_accounts()
    {
        await WriteAsync("openapi.json", await server.Admin.GetStringAsync("/admin/v1/openapi.json"));
        await RunAsync(
            Path.Combine(Repository, "tests", ".tools", "kiota", "kiota"),
            "generate", "-d", In("openapi.json"), "-l", "CSharp", "-o", In("Generated"), "-n", "MailCloud.AdminClient", "-c", "AdminClient", "--exclude-backward-compatible");
        File.Copy(Path.Combine(Repository, "Directory.Packages.props"), In("Directory.Packages.props"));
        await WriteAsync("Client.csproj", Project);
        await WriteAsync("Program.cs", Program);
        await RunAsync("dotnet", "build", "--nologo", "-v", "quiet", "-o", In("bin"), In("Client.csproj"));

        var token = server.Admin.DefaultRequestHeaders.Authorization!.Parameter!;
        Assert.Equal("demo 0 True\n", await RunAsync("dotnet", In("bin/Client.dll"), server.Admin.BaseAddress!.ToString(), token));
    }

    private static string Repository
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory!.FullName, "MailCloud.sln")))
            {
                directory = directory.Parent;
            }

            return directory.FullName;
        }
    }

    private string In(string name) => Path.Combine(folder.FullName, name);

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(In(name), text);

    // What it wrote to its output.
    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var end = new CancellationTokenSource(limit);
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(end.Token), process.StandardError.ReadToEndAsync(end.Token));
        await process.WaitForExitAsync(end.Token);
        Assert.True(process.ExitCode == 0, $"{program} {arguments[0]} ended with {process.ExitCode}:\n{await output}{await error}");
        return await output;
    }
}
