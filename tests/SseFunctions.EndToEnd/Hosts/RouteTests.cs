using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>The triggers and MapSseFunctions say the same: routes, methods, and what is open.</summary>
[Collection(WorkerTarget.Collection)]
public sealed class RouteTests(WorkerTarget target)
{
    [Fact]
    public async Task Routes_of_an_app_are_those_of_the_functions_and_closed_where_these_need_a_key()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["EventLog:ConnectionString"] = await TestStorage.ConnectionStringAsync();
        builder.Services.AddSseFunctions(builder.Configuration, sse => sse.AddDemoPage());
        await using var app = builder.Build();
        app.MapSseFunctions().Keyed.WithMetadata(new NeedsKey());

        var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()
            .Select(endpoint => Describe(
                endpoint.RoutePattern.RawText!.TrimStart('/')["api/".Length..],
                endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods,
                endpoint.Metadata.GetMetadata<NeedsKey>() is not null));

        Assert.Equal(
            target.Host.Functions.Where(function => function.Trigger.IsHttp)
                .Select(function => Describe(function.Trigger.Route!, function.Trigger.Methods!, !function.Trigger.IsAnonymous)).Order(StringComparer.Ordinal),
            routes.Order(StringComparer.Ordinal));
    }

    private static string Describe(string route, IEnumerable<string> methods, bool needsKey) =>
        $"{route} {string.Join(',', methods.Select(method => method.ToUpperInvariant()).Order(StringComparer.Ordinal))} {(needsKey ? "key" : "open")}";

    private sealed class NeedsKey;
}
