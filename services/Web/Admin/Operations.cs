using System.Text.Json;
using System.Text.Json.Serialization;
using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace MailCloud.Web.Admin;

/// <summary>The OpenAPI document of the admin API, <c>GET /admin/v1/openapi.json</c>, and what an endpoint says of itself for it.</summary>
internal static class Operations
{
    /// <summary>As answers are written.</summary>
    public static readonly JsonSerializerOptions Format = CreateFormat();

    /// <summary>What the document calls the way to show who asks.</summary>
    public const string Scheme = "token";

    private const string Version = "v1";

    /// <summary>What any operation may answer, as problem details.</summary>
    private static readonly int[] problems =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict,
        StatusCodes.Status412PreconditionFailed, StatusCodes.Status503ServiceUnavailable,
    ];

    /// <summary>An enum's value is written as lower-case words with hyphens.</summary>
    public static void Configure(JsonSerializerOptions options) => options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));

    public static void AddOperations(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            Configure(options.SerializerOptions);

            // Numbers are numbers: one that may be a string as well has no type in a generated client.
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(Version, options =>
        {
            options.ShouldInclude = described => described.RelativePath?.StartsWith(AdminAccess.Path[1..], StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                Describe(document);
                return Task.CompletedTask;
            });
            options.AddSchemaTransformer((schema, _, _) =>
            {
                // UIDs. No client's generator knows the format; as int32 the half of them would not fit.
                schema.Format = schema.Format == "uint32" ? "int64" : schema.Format;
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, _, _) =>
            {
                // They come with the request, and not in it.
                operation.Parameters = [.. (operation.Parameters ?? []).Where(parameter => parameter.Name is not ("caller" or "act"))];
                return Task.CompletedTask;
            });
        });
    }

    public static void MapDocument(IEndpointRouteBuilder admin) => admin.MapOpenApi("/openapi.json").Requires(AdminPermission.None, Reach.Nothing);

    /// <summary>What each operation of a group may answer beside its own.</summary>
    public static RouteGroupBuilder AnswersProblems(this RouteGroupBuilder group)
    {
        foreach (var status in problems)
        {
            group.ProducesProblem(status);
        }

        return group;
    }

    /// <summary>Names the operation, as a client's method is called, says in a line what it does, and what it answers.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, string operation, string summary) => endpoint.WithName(operation).WithSummary(summary).Produces<T>();

    /// <summary>As <see cref="Answers{T}"/>; what it has begun is done later.</summary>
    public static RouteHandlerBuilder AnswersAccepted<T>(this RouteHandlerBuilder endpoint, string operation, string summary) =>
        endpoint.WithName(operation).WithSummary(summary).Produces<T>(StatusCodes.Status202Accepted);

    /// <summary>As <see cref="Answers{T}"/>, with a tag; a client that has it is told so.</summary>
    public static RouteHandlerBuilder AnswersTagged<T>(this RouteHandlerBuilder endpoint, string operation, string summary) =>
        endpoint.Answers<T>(operation, summary).Produces(StatusCodes.Status304NotModified);

    /// <summary>As <see cref="Answers{T}"/>; it answers lines, a JSON value each.</summary>
    public static RouteHandlerBuilder AnswersLines<T>(this RouteHandlerBuilder endpoint, string operation, string summary) =>
        endpoint.WithName(operation).WithSummary(summary).Produces<T>(StatusCodes.Status200OK, "application/x-ndjson");

    /// <summary>As <see cref="Answers{T}"/>; it answers octets of a type.</summary>
    public static RouteHandlerBuilder AnswersOctets(this RouteHandlerBuilder endpoint, string operation, string summary, string type) =>
        endpoint.WithName(operation).WithSummary(summary).Produces<Stream>(StatusCodes.Status200OK, type);

    private static JsonSerializerOptions CreateFormat()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "MailCloud admin API",
            Version = Version,
            Description = "Administration of tenants, domains, addresses and mail. Lists come a page at a time: next is the next page's after, null at the end.",
        };
        document.Components ??= new();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
        document.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
    }
}
