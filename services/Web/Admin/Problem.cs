using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Admin;

/// <summary>Errors as RFC 9457 problem details; the detail says what was wrong and what to do.</summary>
internal static class Problem
{
    public static IResult BadRequest(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest);

    public static IResult Unauthorized(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status401Unauthorized);

    public static IResult Forbidden(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status403Forbidden);

    public static IResult NotFound(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status404NotFound);

    public static IResult Conflict(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    public static IResult Gone(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status410Gone);

    public static IResult PreconditionFailed(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status412PreconditionFailed);

    public static IResult TooManyRequests(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status429TooManyRequests);

    public static IResult Unavailable(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable);

    public static IResult NoAddress(string text) => BadRequest($"'{text}' is no address: write local@domain");

    public static IResult NoTenant(string tenant) => NotFound($"there is no tenant {tenant}: POST it to /admin/v1/tenants first");

    public static IResult NotHosted(string domain) => NotFound($"{domain} is not hosted here: POST it to /admin/v1/tenants/TENANT/domains first");
}
