using System.Text.Json;
using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Api;

/// <summary>Reads a request's body that is one JSON object, with no members but the known ones, each given once.</summary>
internal static class JsonObjectBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <param name="members">The known members.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    /// <returns>What was read, or the answer to a request that has no such body.</returns>
    /// <exception cref="InvalidInputException">The body is not such an object.</exception>
    public static async Task<(T? Value, IResult? Problem)> ReadAsync<T>(
        HttpContext context, int maxBytes, string[] members, Func<JsonElement, T> read, CancellationToken invocationCancelled)
        where T : class
    {
        if (!Utf8Body.IsJson(Utf8Body.MediaType(context.Request.Headers.ContentType)))
            return (null, Problem.UnsupportedMediaType("Content-Type", context.Request.Headers.ContentType, "Content-Type must be application/json, in UTF-8."));

        var (body, problem) = await BoundedBody.ReadAsync(context, "body", maxBytes, invocationCancelled);
        return problem is null ? (Read(Utf8Body.WithoutBom(body), members, read), null) : (null, problem);
    }

    private static T Read<T>(ReadOnlyMemory<byte> body, string[] members, Func<JsonElement, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            Require(json.RootElement, members);
            return read(json.RootElement);
        }
        catch (Exception ex) when (ex is JsonException or InvalidOperationException)
        {
            // JsonException's own message may quote the body; half a surrogate pair is an InvalidOperationException.
            throw new InvalidInputException("body", "the body is not one JSON object, in UTF-8, each member given once.");
        }
    }

    private static void Require(JsonElement body, string[] members)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new InvalidInputException("body", $"the body is no JSON object; its members are {string.Join(" and ", members)}.");

        if (body.EnumerateObject().Any(member => !members.Contains(member.Name)))
            throw new InvalidInputException("body", $"the body has a member that is none of these: {string.Join(", ", members)}.");
    }
}
