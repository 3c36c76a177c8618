using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SseFunctions.TestSupport;

/// <summary>One request on its way through a <see cref="StorageProxy"/>.</summary>
public sealed class StorageCall(HttpContext context, byte[] body, HttpClient storage)
{
    public string Method => context.Request.Method;

    /// <summary>As it was sent: the request's signature covers the path with its escapes.</summary>
    public string PathAndQuery => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>Whether it is an entity group transaction.</summary>
    public bool IsTransaction => Method == "POST" && context.Request.Path.Value!.EndsWith("/$batch", StringComparison.Ordinal);

    /// <summary>Whether it queries a range of rows, rather than one row.</summary>
    public bool IsQuery => Method == "GET" && context.Request.Path.Value!.EndsWith("()", StringComparison.Ordinal);

    /// <summary>Whether it writes to the change feed.</summary>
    public bool IsHint => Method == "PATCH" && Uri.UnescapeDataString(PathAndQuery).Contains("PartitionKey='!changes'", StringComparison.Ordinal);

    /// <summary>Fires when the client no longer waits for the answer.</summary>
    public CancellationToken Left => context.RequestAborted;

    /// <summary>What it sends; binary data in it is base64.</summary>
    public string BodyText => Encoding.UTF8.GetString(body);

    /// <summary>Sends it to storage and takes the answer without passing it on.</summary>
    public async Task<HttpResponseMessage> ForwardAsync()
    {
        using var request = new HttpRequestMessage(new HttpMethod(Method), PathAndQuery.TrimStart('/'));
        if (body.Length > 0)
            request.Content = new ByteArrayContent(body);

        foreach (var header in context.Request.Headers.Where(header => header.Key is not ("Host" or "Content-Length" or "Transfer-Encoding")))
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(header.Key, header.Value.ToArray());
        }

        var answer = await storage.SendAsync(request);
        await answer.Content.LoadIntoBufferAsync();
        return answer;
    }

    public async Task ReplyAsync(HttpResponseMessage answer)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not ("Transfer-Encoding" or "Connection" or "Keep-Alive")))
            context.Response.Headers[header.Key] = header.Value.ToArray();

        await (await answer.Content.ReadAsStreamAsync()).CopyToAsync(context.Response.Body);
    }

    public void Reply(int status) => context.Response.StatusCode = status;

    /// <summary>Resets the client's connection without an answer.</summary>
    public void Reset() => context.Abort();
}
