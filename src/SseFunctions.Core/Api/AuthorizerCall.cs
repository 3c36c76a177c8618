using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>Asks the app's <see cref="ITopicAuthorizer"/>, and makes of its answer what endpoints do with it.</summary>
/// <param name="app">The app's own services.</param>
/// <param name="isShared">Whether one authorizer serves all requests. A request's scope is not made then: it would stay as long as the stream.</param>
internal sealed partial class AuthorizerCall(IServiceProvider app, bool isShared, TimeProvider time, ILogger<AuthorizerCall> logger)
{
    /// <summary>How long it may take. Without a limit an authorizer that hangs holds every request, and a client never hears when to come back.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <param name="context">The request, in whose scope the authorizer lives unless it is shared.</param>
    /// <param name="ask">Asks it, with a token that fires when the client has left, or when it takes too long.</param>
    /// <returns>What it allows.</returns>
    /// <exception cref="AccessDeniedException">It denies it.</exception>
    /// <exception cref="AccessUnavailableException">It cannot tell now.</exception>
    public async Task<TopicAccess> RequireAsync(HttpContext context, Func<ITopicAuthorizer, CancellationToken, ValueTask<TopicAccess>> ask)
    {
        var access = await AskAsync(context, ask);
        if (access != TopicAccess.Open && !context.Response.Headers.Vary.ToString().Contains(RequestToken.Vary, StringComparison.Ordinal))
            context.Response.Headers.Append("Vary", RequestToken.Vary);

        if (access.Denial is { } denial)
            throw denial;

        if (access.Until <= time.GetUtcNow())
            throw new AccessDeniedException(AccessDenial.InvalidToken, AccessDeniedException.TokenField, $"the access ended at {access.Until:u}.");

        return access.Fault is null ? access : throw new AccessUnavailableException(access.Fault);
    }

    private async Task<TopicAccess> AskAsync(HttpContext context, Func<ITopicAuthorizer, CancellationToken, ValueTask<TopicAccess>> ask)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, timeout.Token);
        try
        {
            var asked = ask((isShared ? app : context.RequestServices).GetRequiredService<ITopicAuthorizer>(), stop.Token).AsTask();
            return await asked.WaitAsync(stop.Token) ?? throw new InvalidOperationException("It returned null.");
        }
        catch (Exception ex) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(ex);
            return TopicAccess.Unavailable("whether this request has access could not be found out.");
        }
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Error, Message = "The app's ITopicAuthorizer failed, or took longer than 5 s")]
    private partial void LogFailed(Exception ex);
}
