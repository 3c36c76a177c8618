using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SseFunctions.Api;

/// <summary>Reads a request's body into memory, decoded, up to a limit: what comes out of a compressed body counts.</summary>
internal static class BoundedBody
{
    private const string ContentEncoding = "Content-Encoding";

    /// <summary>The content codings that are decoded: RFC 9110, section 8.4.1.</summary>
    private const string Codings = "gzip, br, deflate";

    /// <summary>What reads a body decoded; null for one that is sent as it is.</summary>
    private static readonly Dictionary<string, Func<Stream, Stream>?> Decoders = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = null,
        ["identity"] = null,
        ["gzip"] = Gunzip,
        ["x-gzip"] = Gunzip,
        ["br"] = body => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        ["deflate"] = body => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
    };

    /// <summary>What a coding may add to a body that cannot be compressed, in bytes.</summary>
    private const int CodingOverhead = 1024;

    /// <summary>Makes decoders refuse a body that is cut off, which they otherwise take for its end. To be called before any is used.</summary>
    public static void RefuseTruncatedBodies() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <returns>Bytes that the body may have once it is read; null when it is refused unread.</returns>
    public static long? MaxSizeOf(HttpRequest request, int limit)
    {
        if (!Decoders.TryGetValue(request.Headers.ContentEncoding.ToString(), out var decode))
            return null;

        return decode is not null || request.ContentLength is not { } length ? limit : length <= limit ? length : null;
    }

    /// <param name="field">How a problem names the body.</param>
    /// <param name="limit">In bytes.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    /// <returns>The body, or the answer to a request that has none that could be read: nothing, where the client has left.</returns>
    public static async Task<(ReadOnlyMemory<byte> Body, IResult? Problem)> ReadAsync(HttpContext context, string field, int limit, CancellationToken invocationCancelled)
    {
        if (!Decoders.TryGetValue(context.Request.Headers.ContentEncoding.ToString(), out var decode))
        {
            context.Response.Headers.AcceptEncoding = Codings;
            return (default, Problem.UnsupportedMediaType(ContentEncoding, context.Request.Headers.ContentEncoding, $"{ContentEncoding} must be one of {Codings}, or left out."));
        }

        var isEncoded = decode is not null;
        await using var decoder = decode?.Invoke(context.Request.Body);
        var input = decoder ?? context.Request.Body;
        if (!isEncoded && context.Request.ContentLength > limit)
            return (default, TooLarge(field, limit, context.Request.ContentLength.Value, "has"));

        if (isEncoded && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } maxBodySize)
            maxBodySize.MaxRequestBodySize = limit + CodingOverhead; // or a client could keep the decoder busy with nothing

        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled);
        using var body = new MemoryStream(isEncoded ? 0 : (int)(context.Request.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        try
        {
            while (await input.ReadAsync(buffer, left.Token) is > 0 and var read)
            {
                var length = body.Length + read;
                if (length > limit)
                    return (default, TooLarge(field, limit, length, "has at least"));

                if (length > body.Capacity)
                    body.Capacity = (int)Math.Min(limit, Math.Max(length, 2L * body.Capacity)); // never more than the limit

                body.Write(buffer, 0, read);
            }

            return (body.GetBuffer().AsMemory(0, (int)body.Length), null);
        }
        catch (BadHttpRequestException ex) when (ex.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (default, TooLarge(field, limit, limit + CodingOverhead + 1, "is sent in at least"));
        }
        catch (BadHttpRequestException ex)
        {
            return (default, Problem.Create(ex.StatusCode, "Bad request", "the body could not be read to its end.", "body"));
        }
        catch (Exception ex) when (isEncoded && ex is InvalidDataException or InvalidOperationException)
        {
            return (default, Problem.Create(StatusCodes.Status400BadRequest, "Bad request", $"the body is not what {ContentEncoding} says, or is cut off.", "body"));
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

    private static GZipStream Gunzip(Stream body) => new(body, CompressionMode.Decompress, leaveOpen: true);

    private static Problem TooLarge(string field, int limit, long size, string has) =>
        Problem.TooLarge(field, $"{field} {has} {size} bytes; {limit} are allowed.", limit, size);

    private static Problem TooSlow() =>
        Problem.Create(StatusCodes.Status408RequestTimeout, "Request timeout", "the body did not come to its end in the time that a request has. Nothing was written.", "body");
}
