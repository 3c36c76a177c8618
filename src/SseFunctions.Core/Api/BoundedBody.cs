using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace SseFunctions.Api;

/// <summary>Reads a request's body into memory, up to a limit.</summary>
internal static class BoundedBody
{
    /// <param name="context">The request.</param>
    /// <param name="field">How a problem names the body.</param>
    /// <param name="limit">In bytes.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    /// <returns>The body, or the answer to a request that has none that could be read: nothing, where the client has left.</returns>
    public static async Task<(ReadOnlyMemory<byte> Body, IResult? Problem)> ReadAsync(HttpContext context, string field, int limit, CancellationToken invocationCancelled)
    {
        if (context.Request.ContentLength > limit)
            return (default, TooLarge(field, limit, context.Request.ContentLength.Value, "has"));

        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await context.Request.Body.ReadAsync(buffer, left.Token) is > 0 and var read)
            {
                if (body.Length + read > limit)
                    return (default, TooLarge(field, limit, body.Length + read, "has at least"));

                body.Write(buffer, 0, read);
            }

            return (body.ToArray(), null);
        }
        catch (BadHttpRequestException fault)
        {
            return (default, Problem.Of(fault.StatusCode, "Bad request", "the body could not be read to its end.", "body"));
        }
        catch (IOException)
        {
            return (default, TypedResults.Empty); // the client reset its connection
        }
        catch (OperationCanceledException)
        {
            return (default, context.RequestAborted.IsCancellationRequested ? TypedResults.Empty : TooSlow());
        }
    }

    private static ProblemHttpResult TooLarge(string field, int limit, long size, string has) =>
        Problem.Of(StatusCodes.Status413PayloadTooLarge, "Content too large", $"{field} {has} {size} bytes; {limit} are allowed.", field, limit, size);

    private static ProblemHttpResult TooSlow() =>
        Problem.Of(StatusCodes.Status408RequestTimeout, "Request timeout", "the body did not come to its end in the time that a request has. Nothing was written.", "body");
}
