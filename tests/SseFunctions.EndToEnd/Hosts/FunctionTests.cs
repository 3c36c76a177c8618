using System.Net;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Hosts;

/// <summary>The functions of the real worker, as the Functions host finds and calls them.</summary>
[Collection(WorkerTarget.Collection)]
public sealed class FunctionTests(WorkerTarget target)
{
    private readonly string topic = TopicApi.NewTopic();

    [Fact]
    public void Functions_have_these_triggers()
    {
        const string Expected = """
            SseClient          Anonymous  GET,HEAD  client.js
            SseClock           timer                %ClockSchedule%
            SseComplete        Function   POST      topics/{topic}/complete
            SseDeleteTopic     Function   DELETE    topics/{topic}
            SseDemo            Anonymous  GET,HEAD  demo
            SseDemoRuns        Function   POST      demo/runs
            SseHandshake       Function   OPTIONS   events/{topic}
            SseHealth          Anonymous  GET,HEAD  health
            SseHistory         Anonymous  GET,HEAD  topics/{topic}/events
            SseOpenApi         Anonymous  GET,HEAD  openapi.json
            SsePublish         Function   POST      events/{topic}
            SsePublishByToken  Anonymous  POST      topics/{topic}/events
            SseRetention       timer                %RetentionSchedule%
            SseSetRetention    Function   PUT       topics/{topic}
            SseStream          Anonymous  GET,HEAD  events/{topic}
            SseStreamTopics    Anonymous  GET,HEAD  events
            SseTokens          Function   POST      tokens
            SseTopic           Anonymous  GET,HEAD  topics/{topic}
            SseTopics          Function   GET,HEAD  topics
            """;

        Assert.Equal(Expected.Split('\n'), target.Host.Functions.Select(Describe).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Function_with_a_key_answers_401_without_it_and_one_without_a_key_does_not()
    {
        using var keyless = new HttpClient { BaseAddress = target.BaseAddress };
        foreach (var function in target.Host.Functions.Where(function => function.Trigger.IsHttp))
        {
            foreach (var method in function.Trigger.Methods!)
            {
                Assert.Equal(!function.Trigger.IsAnonymous, await IsRefusedAsync(function, method));
                Assert.Equal(!function.Trigger.IsAnonymous, await IsRefusedAsync(function, method, header: "wrong"));
                Assert.False(await IsRefusedAsync(function, method, header: target.Host.FunctionKey));
                Assert.False(await IsRefusedAsync(function, method, code: target.Host.FunctionKey));
            }
        }

        async Task<bool> IsRefusedAsync(FunctionDefinition function, string method, string? header = null, string? code = null)
        {
            var path = function.Trigger.Route!.Replace("{topic}", topic, StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), $"{path}?mode=poll&code={code}");
            if (header is not null)
                request.Headers.Add("x-functions-key", header);

            using var answer = await keyless.SendAsync(request).WaitAsync(SseStream.Timeout);
            return answer.StatusCode == HttpStatusCode.Unauthorized && answer.Content.Headers.ContentType is null; // the app's own has a problem
        }
    }

    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("GET", "../health")]
    [InlineData("PATCH", "events/a")]
    [InlineData("POST", "client.js")]
    public async Task Answer_is_404_when_no_function_has_the_route_and_method(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var answer = await target.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Invocation_succeeds_when_its_client_leaves()
    {
        var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}");
        await stream.ReadFrameAsync();
        var ended = target.Host.Ends.NextAsync("SseStream");

        await stream.DisposeAsync();

        var end = await ended.WaitAsync(SseStream.Timeout);
        Assert.True(end.Succeeded);
        Assert.NotNull(end.AfterCancel);
    }

    /// <summary>The request and the message of an invocation go different ways; the worker gets the second when it surely has the first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Functions_run_when_the_halves_of_an_invocation_arrive_in_either_order(bool isMessageFirst)
    {
        var halves = target.Host.Halves;
        (halves.IsMessageFirst, halves.BetweenHalves) = (isMessageFirst, async () => await (await target.Host.WorkerAsync()).ReadMessagesAsync());
        try
        {
            var id = await target.Client.PublishAsync(topic, "a");

            await using var stream = await SseStream.OpenAsync(target.Client, $"events/{topic}?from=start");

            Assert.Equal(new SseMessage(id, "message", "a"), await stream.ReadEventAsync());
            Assert.Equal(1, (await target.Client.GetTopicAsync(topic)).GetProperty("count").GetInt64());
        }
        finally
        {
            (halves.IsMessageFirst, halves.BetweenHalves) = (false, () => Task.CompletedTask);
        }
    }

    private static string Describe(FunctionDefinition function) => function.Trigger is { IsTimer: true, Schedule: var schedule }
        ? $"{function.Name,-19}{"timer",-21}{schedule}"
        : $"{function.Name,-19}{function.Trigger.AuthLevel,-11}{string.Join(',', function.Trigger.Methods!).ToUpperInvariant(),-10}{function.Trigger.Route}";
}
