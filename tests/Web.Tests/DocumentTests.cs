using System.Net.Http.Json;
using System.Text.Json;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace MailCloud.Web.Tests;

/// <summary>The OpenAPI document: a reader takes it, and it says of each operation what a client needs.</summary>
[Collection(nameof(WebServer))]
public sealed class DocumentTests(WebServer server)
{
    [Fact]
    public async Task A_reader_takes_it_without_a_complaint()
    {
        var read = OpenApiDocument.Parse(await server.Admin.GetStringAsync("/admin/v1/openapi.json"), "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
    }

    [Fact]
    public async Task Each_endpoint_is_an_operation_with_a_name_and_a_typed_answer()
    {
        var document = await server.Admin.GetFromJsonAsync<JsonElement>("/admin/v1/openapi.json");
        var described = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Path: path.Name, Method: operation.Name, operation.Value))).ToList();
        var mapped = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<Requirement>() is { Reach: not Reach.Nothing })
            .Select(endpoint => $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods[0].ToLowerInvariant()} {endpoint.RoutePattern.RawText!.TrimEnd('/').Replace(":guid", "", StringComparison.Ordinal)}");
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal));
        Assert.All(described, operation =>
        {
            Assert.NotEmpty(operation.Value.GetProperty("operationId").GetString()!);
            var answer = operation.Value.GetProperty("responses").EnumerateObject().First(response => response.Name[0] == '2').Value;
            Assert.True(answer.GetProperty("content").EnumerateObject().Single().Value.TryGetProperty("schema", out _), operation.Path);
            Assert.True(operation.Value.GetProperty("responses").TryGetProperty("409", out _), operation.Path);
            Assert.DoesNotContain("\"caller\"", operation.Value.GetRawText(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Types_say_which_members_there_are_and_which_may_be_null()
    {
        var schemas = (await server.Admin.GetFromJsonAsync<JsonElement>("/admin/v1/openapi.json")).GetProperty("components").GetProperty("schemas");
        var address = schemas.GetProperty("AddressView").GetProperty("properties");
        Assert.Equal(["null", "string"], address.GetProperty("passwordScheme").GetProperty("type").EnumerateArray().Select(type => type.GetString()));
        Assert.Equal("string", address.GetProperty("tenant").GetProperty("type").GetString());
        Assert.Equal(["active", "receive-only", "suspended"], schemas.GetProperty("AccountState").GetProperty("enum").EnumerateArray().Select(value => value.GetString()));
    }
}
