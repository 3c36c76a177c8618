using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace SseFunctions.Api;

/// <summary>Errors as RFC 9457 problem details, with the members "field", "limit" and "size" where a value is at fault.</summary>
internal static class Problem
{
    public static ProblemHttpResult Of(int status, string title, string detail, string? field = null, long? limit = null, long? size = null)
    {
        var members = new Dictionary<string, object?>();
        if (field is not null)
            members["field"] = field;

        if (limit is not null)
            members["limit"] = limit;

        if (size is not null)
            members["size"] = size;

        return TypedResults.Problem(detail, statusCode: status, title: title, extensions: members);
    }

    public static ProblemHttpResult BadField(string field, string detail, long? limit = null, long? size = null) =>
        Of(StatusCodes.Status400BadRequest, "Bad request", detail, field, limit, size);
}
