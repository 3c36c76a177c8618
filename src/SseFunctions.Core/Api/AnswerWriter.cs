using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.Kestrel;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>
/// Writes long answers that are no streams as streams are written: a client that takes no bytes for Stream__WriteTimeout is cut off,
/// and holds neither its request nor the answer's memory for longer.
/// </summary>
internal sealed class AnswerWriter(StreamOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <param name="write">Writes the body.</param>
    /// <param name="invocationCancelled">Fires at functionTimeout, when the request's own token does not.</param>
    public async Task WriteAsync(HttpContext context, Func<ClientWriter, ValueTask> write, CancellationToken invocationCancelled)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, invocationCancelled);
        using var rate = NoMinDataRate.For(context);
        var (clock, limit) = (new StreamClock(time), StreamLifetime.Draw(options.Lifetime, options.FunctionTimeout, accessLeft: null).Limit);
        var deadline = new WriteDeadline(options.WriteTimeout, limit, clock, AcknowledgedBytes.From(context), context.Abort, lifetime.ApplicationStopping);
        using var client = new ClientWriter(context.Response.BodyWriter, deadline, clock, left.Token);
        try
        {
            await write(client);
        }
        catch (Exception ex) when (ex is IOException || (client.IsCut && ex is OperationCanceledException))
        {
            context.Abort(); // half an answer must not look like a whole one
        }
    }
}
