using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>
/// An error as RFC 9457 problem details, with the members "field" where a value is at fault, and "limit" and "size" where it
/// is too long.
/// </summary>
internal sealed class Problem : IResult
{
    /// <summary>How much of a header's value is shown to who sent it.</summary>
    private const int MaxGivenCharacters = 100;

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

    /// <param name="field">The header.</param>
    /// <param name="given">What it has.</param>
    /// <param name="allowed">What is allowed, as a sentence.</param>
    public static Problem UnsupportedMediaType(string field, StringValues given, string allowed)
    {
        var value = given.ToString();
        var shown = value.Length == 0 ? "has none" : value.Length > MaxGivenCharacters ? $"has '{value[..MaxGivenCharacters]}...'" : $"has '{value}'";
        return Create(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", $"{allowed} The request {shown}.", field);
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store"; // what is wrong now may be right in a moment
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        return result.ExecuteAsync(httpContext);
    }
}
