using System.Net;

namespace SseFunctions.EndToEnd.Support;

/// <summary>Sends a GET or HEAD again while it is answered 503, a few times: in a process of its own, a busy machine's storage is too slow for a read now and then.</summary>
internal sealed class RepeatedReads(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxAttempts = 6;

    /// <summary>Asks again while the answer is 503.</summary>
    /// <returns>Another answer, or the last 503.</returns>
    public static async Task<HttpResponseMessage> RepeatAsync(Func<Task<HttpResponseMessage>> askAsync)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await askAsync();
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MaxAttempts)
                return answer;

            answer.Dispose();
        }
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Method == HttpMethod.Get || request.Method == HttpMethod.Head ? RepeatAsync(() => base.SendAsync(request, cancellationToken)) : base.SendAsync(request, cancellationToken);
}
