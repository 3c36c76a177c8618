using System.Net;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.WorkerHost;

/// <summary>
/// YARP's forwarder, set as the Functions host sets it (Azure/azure-functions-host,
/// src/WebJobs.Script.Grpc/Server/DefaultHttpProxyService.cs): through it every byte between a client and a worker passes.
/// </summary>
/// <param name="forwarder">YARP's.</param>
/// <param name="activityTimeout">How long no byte may pass before a request is cut off; null for the host's 240 s.</param>
internal sealed class HostForwarder(IHttpForwarder forwarder, TimeSpan? activityTimeout = null) : IDisposable
{
    private readonly HttpMessageInvoker invoker = new(new RetryHandler(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
    }));

    private readonly ForwarderRequestConfig config = new()
    {
        ActivityTimeout = activityTimeout ?? TimeSpan.FromSeconds(240),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Lets the destination answer.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="destination">A server's address, without a path.</param>
    public async Task<ForwarderError> SendAsync(HttpContext context, string destination) =>
        await forwarder.SendAsync(context, destination, invoker, config);

    public void Dispose() => invoker.Dispose();
}
