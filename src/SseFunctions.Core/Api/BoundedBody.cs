using Microsoft.AspNetCore.Http;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads a request's body into memory, up to a limit.</summary>
internal static class BoundedBody
{
    /// <exception cref="EventLimitException">The body is over the limit; the size it names is the declared one, or what had come by then.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, string field, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            throw TooLarge(field, limit, request.ContentLength.Value, "has");

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (body.Length + read > limit)
                throw TooLarge(field, limit, body.Length + read, "has at least");

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static EventLimitException TooLarge(string field, int limit, long size, string has) =>
        new(field, limit, size, $"{field} {has} {size} bytes; {limit} are allowed.");
}
