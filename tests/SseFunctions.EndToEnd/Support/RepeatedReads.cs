using System.Net;

namespace SseFunctions.EndToEnd.Support;

/// <summary>Sends a GET again while it is answered 503, a few times: in a process of its own, a busy machine's storage is too slow for a read now and then.</summary>
internal sealed class RepeatedReads(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxAttempts = 6;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || request.Method != HttpMethod.Get || attempt == MaxAttempts)
                return answer;

            answer.Dispose();
        }
    }
}
