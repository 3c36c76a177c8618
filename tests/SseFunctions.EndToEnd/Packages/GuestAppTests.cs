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

    private static readonly string Sources = Path.GetFullPath(Path.Combine(NodeFolder.FullName, "../Packages/GuestApp"));

    [Fact]
    public async Task App_streams_each_event_once_and_keeps_what_is_its_own()
    {
        var app = new FunctionApp(await BuildAsync());
        await using var before = await StartAsync(app, "WITHOUT_SSE=1");
        await using var host = await StartAsync(app, "Stream__Lifetime=00:00:01", "Stream__Retry=00:00:00.010");
        using var client = host.NewClient();

        Assert.Equal(await ReportAsync(before), await ReportAsync(host));
        Assert.Equal("Hello, you", await client.GetStringAsync(new Uri("greet/you", UriKind.Relative)));
        AssertFunctions(host);
        await AssertAdviceAsync(host);
        await AssertStreamsOnceAsync(client);
    }

    /// <summary>The app's own are as they were; of the package's, those that are off are not there, nor is a timer whose setting is missing.</summary>
    private static void AssertFunctions(FunctionsHost host)
    {
        string[] own = ["Greet", "Order", "Report"];
        var names = host.Functions.Select(function => function.Name).ToList();
        Assert.Equal(own, names.Where(name => !name.StartsWith("Sse", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("SseStream", names);
        Assert.Contains("SsePublish", names);
        foreach (var off in (string[])["SseClock", "SseRetention", "SseDemo"])
            Assert.DoesNotContain(off, names);
    }

    private static async Task AssertAdviceAsync(FunctionsHost host)
    {
        await host.WorkerAsync();
        var log = $"{host.Log}";
        Assert.Contains("functionTimeout is 00:01:00", log, StringComparison.Ordinal);
        Assert.Contains("Write \"maxConcurrentRequests\": -1.", log, StringComparison.Ordinal);
        Assert.DoesNotContain("maxOutstandingRequests", log, StringComparison.Ordinal);
    }

    /// <summary>Its own function publishes while a client reads over several connections.</summary>
    private static async Task AssertStreamsOnceAsync(HttpClient client)
    {
        var reader = new ReconnectingClient("events/orders?from=start");
        var published = new List<SseMessage>();
        for (var i = 0; i < Events; i++)
        {
            using var answer = await client.PostAsync(new Uri($"orders/{i}", UriKind.Relative), content: null).WaitAsync(SseStream.Patience);
            published.Add(new SseMessage(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(), "ordered", $"{i}"));
            if (i % (Events / 4) == 0)
                await reader.ReadAsync(client).WaitAsync(SseStream.Patience); // up to the end of that response
        }

        await reader.ReadAsync(client, Events).WaitAsync(SseStream.Patience);
        Assert.Equal(published, reader.Events);
    }

    private static async Task<string> ReportAsync(FunctionsHost host)
    {
        using var client = host.NewClient();
        return JsonSerializer.Serialize(await client.GetFromJsonAsync<JsonElement>("report").WaitAsync(SseStream.Patience));
    }

    private static async Task<FunctionsHost> StartAsync(FunctionApp app, params string[] settings) => await FunctionsHost.StartAsync(new FunctionsHostOptions
    {
        App = app,
        Settings = (await AppSettings.ForAsync(TestStorage.NewTableName(), settings))
            .Where(setting => setting.Key is not ("ClockSchedule" or "RetentionSchedule"))
            .ToDictionary(),
    });

    private async Task<string> BuildAsync()
    {
        var app = Directory.CreateDirectory(feed.NewFolder("GuestApp")).FullName;
        foreach (var file in Directory.EnumerateFiles(Sources))
            File.Copy(file, Path.Combine(app, Path.GetFileName(file)));

        return (await feed.BuildAsync(app)).Output;
    }
}
