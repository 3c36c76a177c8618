using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Api;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>The emitter as a guest in an ASP.NET Core app.</summary>
public class MapSseFunctionsTests
{
    private static readonly (string Method, string Path)[] Keyed =
        [("POST", "events/a"), ("OPTIONS", "events/a"), ("GET", "topics"), ("PUT", "topics/a"), ("DELETE", "topics/a"), ("POST", "topics/a/complete"), ("POST", "tokens")];

    [Fact]
    public async Task Routes_that_need_a_key_are_closed_until_the_app_says_who_may_call_them()
    {
        await using var app = await StartAsync(app => app.MapSseFunctions());
        using var client = Client(app, "api/");

        await AssertKeyedAnswerAsync(client, HttpStatusCode.Forbidden);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "GET", "topics/a"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "GET", "events/a?mode=poll"));
    }

    [Fact]
    public async Task Routes_are_open_when_the_app_says_so_and_stand_below_its_groups()
    {
        await using var app = await StartAsync(app => app.MapGroup("shop").MapSseFunctions().Keyed.AllowAnonymous(), sse => sse.RoutePrefix = "live");
        using var client = Client(app, "shop/live/");

        foreach (var (method, path) in Keyed)
            Assert.NotEqual((HttpStatusCode.Forbidden, path), (await StatusAsync(client, method, path), path));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "GET", "health"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Routes_that_need_a_key_stay_closed_where_all_routes_are_opened(bool byGroup)
    {
        await using var app = await StartAsync(app => _ = byGroup ? app.MapGroup("").AllowAnonymous().MapSseFunctions() : app.MapSseFunctions().AllowAnonymous());
        using var client = Client(app, "api/");

        await AssertKeyedAnswerAsync(client, HttpStatusCode.Forbidden);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "GET", "topics/a"));
    }

    [Fact]
    public async Task Policy_of_routes_that_need_a_key_holds_where_all_routes_are_opened()
    {
        await using var app = await StartAsync(
            app => app.MapSseFunctions().AllowAnonymous().Keyed.RequireAuthorization(policy => policy.RequireAssertion(_ => false)),
            AddAuthorization);
        using var client = Client(app, "api/");

        await AssertKeyedAnswerAsync(client, HttpStatusCode.Unauthorized);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "GET", "topics/a"));
    }

    [Fact]
    public async Task Policy_of_open_routes_says_nothing_of_those_that_need_a_key()
    {
        await using var app = await StartAsync(app => app.MapSseFunctions().Open.RequireAuthorization(policy => policy.RequireAssertion(_ => false)), AddAuthorization);
        using var client = Client(app, "api/");

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, "GET", "topics/a"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, "DELETE", "topics/a"));
    }

    [Fact]
    public async Task Guest_has_no_demo_no_clock_no_exporter_and_no_filter_unless_the_app_calls_for_them()
    {
        await using var app = await StartAsync(app => app.MapSseFunctions(), settings: ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
        await using var all = await StartAsync(
            app => app.MapSseFunctions(),
            sse => sse.AddClock().AddRuntime().AddRetention().AddDemoPage().ExportTelemetry().QuietenWebServerLog(),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
        using var client = Client(app, "api/");
        using var clientOfAll = Client(all, "api/");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (await StatusAsync(client, "GET", "demo"), await StatusAsync(clientOfAll, "GET", "demo")));
        Assert.Equal((0, 2), (Sources(app), Sources(all)));
        Assert.Equal((false, true), (Exports(app), Exports(all)));
        Assert.Equal((true, false), (LogsRequests(app), LogsRequests(all)));

        static int Sources(WebApplication app) => app.Services.GetServices<SseFunctions.Publishing.ITimedSource>().Count();
        static bool Exports(WebApplication app) => app.Services.GetService<OpenTelemetry.Metrics.MeterProvider>() is not null;
        static bool LogsRequests(WebApplication app) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Information);
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map, Action<SseFunctionsBuilder>? configure = null, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Information).AddProvider(new Microsoft.Extensions.Logging.Testing.FakeLoggerProvider());
        builder.Configuration["EventLog:ConnectionString"] = await TestStorage.ConnectionStringAsync();
        builder.Configuration["EventLog:TableName"] = TestStorage.NewTableName();
        builder.Configuration["Access:AnonymousTopics"] = "*";
        builder.Configuration["ClockSchedule"] = "0 0 0 1 1 *";
        builder.Configuration["RuntimeSchedule"] = "0 0 0 1 1 *";
        foreach (var (key, value) in settings)
            builder.Configuration[key] = value;

        builder.Services.AddSingleton<TimeProvider>(PatientClock.Instance);
        builder.Services.AddSseFunctions(builder.Configuration, configure);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private static void AddAuthorization(SseFunctionsBuilder sse) => sse.Services.AddAuthorization().AddSingleton<IAuthorizationMiddlewareResultHandler, Refusals>();

    private static HttpClient Client(WebApplication app, string prefix) => new() { BaseAddress = new Uri($"{app.Urls.Single()}/{prefix}") };

    private static async Task AssertKeyedAnswerAsync(HttpClient client, HttpStatusCode status)
    {
        foreach (var (method, path) in Keyed)
            Assert.Equal((status, path), (await StatusAsync(client, method, path), path));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PUT")
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");

        using var answer = await client.SendAsync(request).WaitAsync(SseStream.Timeout);
        return answer.StatusCode;
    }

    /// <summary>Answers 401 to whom a policy refuses, without a scheme of authentication.</summary>
    private sealed class Refusals : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
                return next(context);

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }
    }
}
