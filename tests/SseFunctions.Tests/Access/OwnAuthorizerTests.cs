using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Access;
using SseFunctions.Api;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>An app that decides itself who may read a topic and who may publish to it.</summary>
public sealed class OwnAuthorizerTests
{
    private static readonly FakeTimeProvider Time = new(DateTimeOffset.UtcNow);
    private static readonly TaskCompletionSource EndlessIsAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Own_authorizer_decides_whatever_the_settings_say()
    {
        await using var host = await StartAsync<Own>("Access:AnonymousTopics=*");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "topics/allowed"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "topics/unknown"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "events/past"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "topics/past"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, "topics/forbidden"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, "events?topic=allowed&topic=forbidden&mode=poll"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(host, "topics/unavailable"));
        await AssertToldToComeBackAsync(host, "unavailable");
    }

    [Theory]
    [InlineData("events/limited?from=start")]
    [InlineData("events?topic=limited&topic=longer&from=start")] // the shortest of them counts
    [InlineData("events?topic=allowed&topic=limited&from=start")]
    public async Task Stream_ends_when_its_authorizer_says_so(string path)
    {
        await using var host = await StartAsync<Own>();
        await using (var publishing = await TestHost.StartAsync(["Access:AnonymousTopics=*"], table: host.Table))
            await publishing.PublishAsync("limited", "1"); // whose clock goes

        await using var stream = await host.OpenAsync(path);
        Assert.Equal("1", (await stream.ReadEventAsync())!.Data);

        Time.Advance(TimeSpan.FromSeconds(60));

        Assert.Contains("end of this response", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broken", typeof(NotSupportedException))]
    [InlineData("null", typeof(InvalidOperationException))]
    public async Task Authorizer_that_fails_refuses_nobody_for_good_and_is_logged(string topic, Type fault)
    {
        using var log = new FakeLoggerProvider();
        await using var host = await StartAsync<Own>(log: log);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(host, $"topics/{topic}"));
        await AssertToldToComeBackAsync(host, topic);

        var record = log.Collector.GetSnapshot().First(record => record.Category == typeof(AuthorizerCall).FullName);
        Assert.Equal(LogLevel.Error, record.Level);
        Assert.IsType(fault, record.Exception);
    }

    [Fact]
    public async Task Authorizer_that_does_not_answer_refuses_nobody_for_good()
    {
        await using var host = await StartAsync<Own>();

        var status = StatusAsync(host, "topics/endless");
        await EndlessIsAsked.Task.WaitAsync(SseStream.Timeout);
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await status);
    }

    [Fact]
    public async Task Nobody_publishes_without_a_key_where_the_authorizer_says_nothing_of_it()
    {
        await using var host = await StartAsync<Own>();

        using var answer = await host.Client.PostAsync("topics/allowed/events", new StringContent("1")).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Own_authorizer_lives_in_the_requests_scope_and_may_ask_the_one_for_tokens()
    {
        await using var host = await StartAsync<Delegating>("Access:AnonymousTopics=open", $"Access:SigningKey={SignedToken.Key}");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "topics/member"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "topics/open"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, "topics/other"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, $"topics/other?token={SignedToken.For(Time.GetUtcNow().AddHours(1), "other")}"));
    }

    /// <summary>A scope would stay in memory for as long as the stream.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_has_a_scope_of_its_own_only_where_the_authorizer_lives_in_one(bool isShared)
    {
        var scope = new TaskCompletionSource<IServiceProvidersFeature?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(time: Time, configure: builder =>
        {
            builder.Services.AddSingleton<IStartupFilter>(new AfterRequest(context => scope.TrySetResult(context.Features.Get<IServiceProvidersFeature>())));
            if (!isShared)
                builder.Services.AddScoped<ITopicAuthorizer, Own>();
        });

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "events/allowed?mode=poll"));

        Assert.Equal(isShared, await scope.Task.WaitAsync(SseStream.Timeout) is null);
    }

    [Fact]
    public async Task Tokens_of_one_request_are_each_verified()
    {
        await using var host = await StartAsync<Delegating>("Access:AnonymousTopics=", $"Access:SigningKey={SignedToken.Key}");
        var (authorizer, context) = (host.Services.GetRequiredService<TokenAuthorizer>(), new DefaultHttpContext());

        context.Request.Headers.Authorization = $"Bearer {SignedToken.For(Time.GetUtcNow().AddHours(1), "a")}";
        Assert.Null((await authorizer.AuthorizeReadAsync(context, "a", CancellationToken.None)).Denial);

        context.Request.Headers.Authorization = $"Bearer {SignedToken.For(Time.GetUtcNow().AddHours(1), "b")}";
        Assert.NotNull((await authorizer.AuthorizeReadAsync(context, "a", CancellationToken.None)).Denial);
        Assert.Null((await authorizer.AuthorizeReadAsync(context, "b", CancellationToken.None)).Denial);
    }

    private static Task<TestHost> StartAsync<TAuthorizer>(params string[] settings)
        where TAuthorizer : class, ITopicAuthorizer => StartAsync<TAuthorizer>(null, settings);

    private static Task<TestHost> StartAsync<TAuthorizer>(FakeLoggerProvider? log, params string[] settings)
        where TAuthorizer : class, ITopicAuthorizer => TestHost.StartAsync(settings, Time, configure: builder =>
        {
            builder.Services.AddScoped<Members>();
            builder.Services.AddScoped<ITopicAuthorizer, TAuthorizer>();
            if (log is not null)
                builder.Logging.AddProvider(log);
        });

    private static async Task AssertToldToComeBackAsync(TestHost host, string topic)
    {
        await using var stream = await host.OpenAsync($"events/{topic}");
        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Matches(@"\Aretry: [1-9][0-9]*\n: access cannot be checked now; reconnect later\z", Assert.Single(await stream.ReadToEndAsync()));
    }

    private static async Task<HttpStatusCode> StatusAsync(TestHost host, string path)
    {
        using var answer = await host.Client.GetAsync(path).WaitAsync(SseStream.Timeout);
        return answer.StatusCode;
    }

    private sealed class AfterRequest(Action<HttpContext> look) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                await rest(context);
                look(context);
            });
            next(app);
        };
    }

    private sealed class Own : ITopicAuthorizer
    {
        public async ValueTask<TopicAccess> AuthorizeReadAsync(HttpContext context, string topic, CancellationToken cancellationToken) => topic switch
        {
            "allowed" => TopicAccess.Allowed(),
            "limited" => TopicAccess.Allowed(Time.GetUtcNow().AddSeconds(60)),
            "longer" => TopicAccess.Allowed(Time.GetUtcNow().AddHours(1)),
            "past" => TopicAccess.Allowed(Time.GetUtcNow()),
            "unknown" => TopicAccess.Unauthenticated("who are you?"),
            "unavailable" => TopicAccess.Unavailable("the directory is down."),
            "broken" => throw new NotSupportedException(),
            "null" => null!,
            "endless" => await NeverAsync(),
            _ => TopicAccess.Forbidden("not yours."),
        };

        private static async Task<TopicAccess> NeverAsync()
        {
            EndlessIsAsked.SetResult();
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return TopicAccess.Allowed();
        }
    }

    private sealed class Members
    {
        private readonly string[] topics = ["member"];

        public bool Has(string topic) => topics.Contains(topic);
    }

    private sealed class Delegating(Members members, TokenAuthorizer tokens) : ITopicAuthorizer
    {
        public async ValueTask<TopicAccess> AuthorizeReadAsync(HttpContext context, string topic, CancellationToken cancellationToken) =>
            members.Has(topic) ? TopicAccess.Allowed() : await tokens.AuthorizeReadAsync(context, topic, cancellationToken);
    }
}
