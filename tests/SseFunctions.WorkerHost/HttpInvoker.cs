using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SseFunctions.WorkerHost.Rpc;
using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.WorkerHost;

/// <summary>
/// Runs HTTP functions. Each invocation has two halves that meet in the worker by the invocation's id: the client's request over
/// HTTP, to which the worker answers, and a message.
/// </summary>
/// <param name="workers">Where they run.</param>
/// <param name="forwarder">Passes the requests on.</param>
/// <param name="begin">Makes an invocation.</param>
/// <param name="ends">Gets to know how each ended.</param>
/// <param name="log">Gets what went wrong with forwarding.</param>
internal sealed class HttpInvoker(
    WorkerDispatcher workers, HostForwarder forwarder, Func<FunctionDefinition, WorkerChannel, Invocation> begin, InvocationEnds ends, WorkerLog log)
{
    private const string InvocationIdHeader = "x-ms-invocation-id";

    /// <summary>Whether the message goes first; the host begins with the request and does not wait, so either can be there first.</summary>
    public bool IsMessageFirst { get; set; }

    /// <summary>What to wait for before the second half.</summary>
    public Func<Task> BetweenHalves { get; set; } = () => Task.CompletedTask;

    public async Task InvokeAsync(HttpContext context, FunctionDefinition function)
    {
        var worker = await workers.WorkerAsync().WaitAsync(context.RequestAborted);
        var invocation = begin(function, worker);
        context.Request.Headers[InvocationIdHeader] = invocation.Id;
        var mayForward = new TaskCompletionSource();
        if (!IsMessageFirst)
            mayForward.SetResult();

        var forwarding = ForwardAsync(context, worker, mayForward.Task);
        if (!IsMessageFirst)
            await BetweenHalves();

        var running = invocation.RunAsync(TriggerMetadata(context), new TypedData { Http = new RpcHttp() }, forwarding, context.RequestAborted);
        if (IsMessageFirst)
        {
            await BetweenHalves();
            mayForward.SetResult();
        }

        var end = await running;
        if (invocation.HasTimedOut)
            context.Abort(); // to the host it has failed, however it ended

        ends.Add(end);
    }

    private async Task<ForwarderError> ForwardAsync(HttpContext context, WorkerChannel worker, Task mayForward)
    {
        await mayForward;
        var error = await forwarder.SendAsync(context, worker.HttpUri);
        if (context.GetForwarderErrorFeature() is { } feature)
            log.Add($"{context.Request.Path}: {feature.Error} {feature.Exception}");

        return error;
    }

    /// <summary>The route wins over a query parameter of the same name.</summary>
    private static Dictionary<string, string> TriggerMetadata(HttpContext context)
    {
        var metadata = context.Request.Query.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.ToString());
        foreach (var (name, value) in context.GetRouteData().Values)
            metadata[name] = $"{value}";

        return metadata;
    }
}
