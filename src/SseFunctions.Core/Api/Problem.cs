using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// An error as RFC 9457 problem details, with the members "field" where a value is at fault, and "limit" and "size" where it
/// is too long.
/// </summary>
internal sealed class Problem : IResult
{
    private readonly ProblemHttpResult result;

    private Problem(ProblemHttpResult result) => this.result = result;

    public static Problem Create(int status, string title, string detail, string? field = null, long? limit = null, long? size = null)
    {
        var members = new Dictionary<string, object?>();
        if (field is not null)
            members["field"] = field;

        if (limit is not null && size is not null)
            (members["limit"], members["size"]) = (limit, size);

        return new(TypedResults.Problem(detail, statusCode: status, title: title, extensions: members));
    }

    /// <summary>413 where too much is published, else 400.</summary>
    public static Problem From(InvalidInputException ex) => ex switch
    {
        { TooLarge: true, Field: "body" or "data" or "events" } => TooLarge(ex.Field, ex.Message, ex.Limit, ex.Size),
        { TooLarge: true } => Create(StatusCodes.Status400BadRequest, "Bad request", ex.Message, ex.Field, ex.Limit, ex.Size),
        _ => Create(StatusCodes.Status400BadRequest, "Bad request", ex.Message, ex.Field),
    };

    public static Problem TooLarge(string field, string detail, long? limit, long? size) =>
        Create(StatusCodes.Status413PayloadTooLarge, "Content too large", detail, field, limit, size);

    public static Problem UnsupportedMediaType(string field, string detail) =>
        Create(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", detail, field);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store"; // what is wrong now may be right in a moment
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        return result.ExecuteAsync(httpContext);
    }
}
