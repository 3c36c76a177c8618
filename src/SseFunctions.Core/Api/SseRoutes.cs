using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace SseFunctions.Api;

/// <summary>The endpoints as routes of an ASP.NET Core app; in the function app the triggers do this.</summary>
internal static class SseRoutes
{
    /// <summary>A route that takes GET takes HEAD: RFC 9110, section 9.3.2.</summary>
    private static readonly string[] Reads = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps every route below the routePrefix of host.json.</summary>
    public static void MapSseFunctions(this IEndpointRouteBuilder app)
    {
        var (stream, publish) = (Get<StreamEndpoint>(), Get<PublishEndpoint>());
        var (list, topics, history) = (Get<TopicListEndpoint>(), Get<TopicEndpoint>(), Get<HistoryEndpoint>());
        var (tokens, health) = (Get<TokenEndpoint>(), Get<HealthEndpoint>());
        var routes = app.MapGroup(Get<Settings>().RoutePrefix);
        routes.MapMethods(Routes.Events, Reads, (HttpContext context, string topic) => stream.StreamAsync(context, topic, CancellationToken.None));
        routes.MapMethods(Routes.EventsOfTopics, Reads, (HttpContext context) => stream.StreamTopicsAsync(context, CancellationToken.None));
        routes.MapPost(Routes.Events, (HttpContext context, string topic) => publish.PublishAsync(context, topic, CancellationToken.None));
        routes.MapMethods(Routes.Events, [HttpMethods.Options], (HttpContext context, string topic) => publish.HandshakeAsync(context, topic));
        routes.MapMethods(Routes.Topics, Reads, (Delegate)((HttpContext context) => list.ListAsync(context, CancellationToken.None)));
        routes.MapMethods(Routes.Topic, Reads, (HttpContext context, string topic) => topics.ReadAsync(context, topic));
        routes.MapMethods(Routes.History, Reads, (HttpContext context, string topic) => history.ReadAsync(context, topic, CancellationToken.None));
        routes.MapPut(Routes.Topic, (HttpContext context, string topic) => topics.SetRetentionAsync(context, topic, CancellationToken.None));
        routes.MapDelete(Routes.Topic, (HttpContext context, string topic) => topics.DeleteAsync(context, topic));
        routes.MapPost(Routes.Complete, (HttpContext context, string topic) => topics.CompleteAsync(context, topic));
        routes.MapPost(Routes.Tokens, (Delegate)((HttpContext context) => tokens.MintAsync(context, CancellationToken.None)));
        routes.MapMethods(Routes.Health, Reads, (Delegate)health.ReadAsync);
        routes.MapMethods(Routes.Demo, Reads, PageEndpoint.Demo);
        routes.MapMethods(Routes.Client, Reads, PageEndpoint.Client);

        T Get<T>()
            where T : notnull =>
            app.ServiceProvider.GetRequiredService<T>();
    }
}
