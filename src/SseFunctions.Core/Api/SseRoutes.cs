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

    /// <param name="open">For what checks by itself who may call it, or is for everybody.</param>
    /// <param name="routes">For the rest, whose triggers need the function key.</param>
    public static void Map(RouteGroupBuilder open, RouteGroupBuilder routes)
    {
        var services = ((IEndpointRouteBuilder)routes).ServiceProvider;
        var (stream, publish) = (Get<StreamEndpoint>(), Get<PublishEndpoint>());
        var (list, topics, history) = (Get<TopicListEndpoint>(), Get<TopicEndpoint>(), Get<HistoryEndpoint>());
        var (tokens, health) = (Get<TokenEndpoint>(), Get<HealthEndpoint>());
        open.MapMethods(Routes.Events, Reads, (HttpContext context, string topic) => stream.StreamAsync(context, topic, CancellationToken.None));
        open.MapMethods(Routes.EventsOfTopics, Reads, (HttpContext context) => stream.StreamTopicsAsync(context, CancellationToken.None));
        routes.MapPost(Routes.Events, (HttpContext context, string topic) => publish.PublishAsync(context, topic, CancellationToken.None));
        routes.MapMethods(Routes.Events, [HttpMethods.Options], (HttpContext context, string topic) => publish.HandshakeAsync(context, topic));
        open.MapPost(Routes.EventsOfTopic, (HttpContext context, string topic) => publish.PublishByTokenAsync(context, topic, CancellationToken.None));
        routes.MapMethods(Routes.Topics, Reads, (Delegate)((HttpContext context) => list.ListAsync(context, CancellationToken.None)));
        open.MapMethods(Routes.Topic, Reads, (HttpContext context, string topic) => topics.ReadAsync(context, topic));
        open.MapMethods(Routes.EventsOfTopic, Reads, (HttpContext context, string topic) => history.ReadAsync(context, topic, CancellationToken.None));
        routes.MapPut(Routes.Topic, (HttpContext context, string topic) => topics.SetRetentionAsync(context, topic, CancellationToken.None));
        routes.MapDelete(Routes.Topic, (HttpContext context, string topic) => topics.DeleteAsync(context, topic));
        routes.MapPost(Routes.Complete, (HttpContext context, string topic) => topics.CompleteAsync(context, topic));
        routes.MapPost(Routes.Tokens, (Delegate)((HttpContext context) => tokens.MintAsync(context, CancellationToken.None)));
        open.MapMethods(Routes.Health, Reads, (Delegate)health.ReadAsync);
        open.MapMethods(Routes.Client, Reads, PageEndpoint.Client);
        open.MapMethods(Routes.OpenApi, Reads, PageEndpoint.OpenApi);
        if (Get<SseFunctionsBuilder>().HasDemoPage)
        {
            open.MapMethods(Routes.Demo, Reads, PageEndpoint.Demo);
            routes.MapPost(Routes.DemoRuns, (Delegate)Get<DemoRunEndpoint>().StartAsync);
        }

        T Get<T>()
            where T : notnull =>
            services.GetRequiredService<T>();
    }
}
