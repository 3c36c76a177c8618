using System.Net.Http.Json;
using System.Text.Json;
using SseFunctions.TestSupport;
using SseFunctions.WorkerHost;

namespace SseFunctions.EndToEnd.Packages;

/// <summary>A function app that was there before, with the package and one line: Packages/GuestApp, in the real worker.</summary>
[Collection(PackageCollection.Name)]
public sealed class GuestAppTests(PackageFeed feed)
{
    private const int Events = 20;

    [SkippableFact]
    public async Task App_streams_each_event_once_and_keeps_what_is_its_own()
    {
        PackageFeed.SkipInBrief();
        var app = await feed.GuestAppAsync();
        await using var before = await StartAsync(app, "WITHOUT_SSE=1", TestHost.NoClock, TestHost.NoRetention); // nothing tells the host which functions are off
        await using var host = await StartAsync(app, "Stream__Lifetime=00:00:01", "Stream__Retry=00:00:00.010");
        using var client = host.NewClient();

        Assert.Equal(await ReportAsync(before), await ReportAsync(host));
        Assert.Equal("Hello, you", await client.GetStringAsync(new Uri("greet/you", UriKind.Relative)));
        AssertFunctions(host);
        await AssertAdviceAsync(host);
        await AssertStreamsOnceAsync(client);
    }

    [SkippableFact]
    public async Task App_has_the_emitters_routes_below_a_prefix_and_its_settings_in_a_section()
    {
        PackageFeed.SkipInBrief();
        await using var host = await StartAsync(
            await feed.GuestAppAsync(), "SsePrefix=live", "SseSection=Sse", "Sse__RetentionSchedule=0 0 0 1 1 *", "Sse__Access__AnonymousTopics=*", "Access__OfTheApp=1",
            $"Sse__EventLog__TableName={TestStorage.NewTableName()}", $"Sse__EventLog__ConnectionString={await TestStorage.ConnectionStringAsync()}");
        using var client = new HttpClient { BaseAddress = new Uri(host.BaseAddress, "live/") };
        client.DefaultRequestHeaders.Add("x-functions-key", host.FunctionKey);

        var id = await client.PublishAsync("news", "Hello");

        await using var stream = await SseStream.OpenAsync(client, "events/news?from=start");
        Assert.Equal(new SseMessage(id, "message", "Hello"), await stream.ReadEventAsync());
        Assert.Equal("0 0 0 1 1 *", host.Functions.Single(function => function.Name == "SseRetention").Trigger.Schedule);
        using var elsewhere = await host.NewClient().GetAsync(new Uri("health", UriKind.Relative)).WaitAsync(SseStream.Timeout);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [SkippableFact]
    public async Task App_does_not_start_when_one_of_its_routes_is_the_emitters_too()
    {
        PackageFeed.SkipInBrief();
        var ex = await Assert.ThrowsAnyAsync<Exception>(async () => await StartAsync(await feed.GuestAppAsync(), "SsePrefix=status"));

        Assert.Contains("Function Status and function SseHealth have the same route, status/health.", ex.Message, StringComparison.Ordinal);
    }

    /// <summary>The app's own are as they were; of the package's, those that are off are not there, nor is a timer whose setting is missing.</summary>
    private static void AssertFunctions(FunctionsHost host)
    {
        string[] own = ["Greet", "Order", "Report", "Status"];
        var names = host.Functions.Select(function => function.Name).ToList();
        Assert.Equal(own, names.Where(name => !name.StartsWith("Sse", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("SseStream", names);
        Assert.Contains("SsePublish", names);
        foreach (var off in (string[])["SseClock", "SseRetention", "SseDemo"])
            Assert.DoesNotContain(off, names);
    }

    private static async Task AssertAdviceAsync(FunctionsHost host)
    {
        string log;
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (!(log = $"{host.Log}").Contains("Write \"maxConcurrentRequests\": -1.", StringComparison.Ordinal))
            await look.WaitForNextTickAsync(timeout.Token); // it may still be on its way

        Assert.Contains("functionTimeout is 00:01:00", log, StringComparison.Ordinal);
        Assert.DoesNotContain("maxOutstandingRequests", log, StringComparison.Ordinal);
    }

    /// <summary>Its own function publishes while a client reads over several connections.</summary>
    private static async Task AssertStreamsOnceAsync(HttpClient client)
    {
        var reader = new ReconnectingClient("events/orders?from=start");
        var published = new List<SseMessage>();
        for (var i = 0; i < Events; i++)
        {
            using var answer = await client.PostAsync(new Uri($"orders/{i}", UriKind.Relative), content: null).WaitAsync(SseStream.Timeout);
            published.Add(new SseMessage(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(), "ordered", $"{i}"));
            if (i % (Events / 4) == 0)
                await reader.ReadAsync(client).WaitAsync(SseStream.Timeout); // up to the end of that response
        }

        await reader.ReadAsync(client, Events).WaitAsync(SseStream.Timeout);
        Assert.Equal(published, reader.Events);
    }

    private static async Task<string> ReportAsync(FunctionsHost host)
    {
        using var client = host.NewClient();
        return JsonSerializer.Serialize(await client.GetFromJsonAsync<JsonElement>("report").WaitAsync(SseStream.Timeout));
    }

    private static async Task<FunctionsHost> StartAsync(FunctionApp app, params string[] settings) => await FunctionsHost.StartAsync(new FunctionsHostOptions
    {
        App = app,
        Settings = (await AppSettings.ForAsync(TestStorage.NewTableName(), settings))
            .Where(setting => setting.Key is not ("ClockSchedule" or "RetentionSchedule") || settings.Contains($"{setting.Key}={setting.Value}"))
            .ToDictionary(),
    });
}
