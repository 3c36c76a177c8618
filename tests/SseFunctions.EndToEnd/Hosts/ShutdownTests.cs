using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hosts;

public sealed class ShutdownTests
{
    private const string NoSigterm = "Windows has no SIGTERM.";

    /// <summary>What the Functions host leaves a worker that it ends.</summary>
    private static readonly TimeSpan PlatformTimeout = TimeSpan.FromSeconds(5);

    private readonly string table = TestStorage.NewTableName();
    private readonly string topic = TopicApi.NewTopic();

    [SkippableFact]
    public async Task Every_stream_ends_with_a_retry_and_cleanly_when_the_host_is_told_to_stop()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(OperatingSystem.IsWindows(), NoSigterm);
        await using var host = await LocalHostProcess.StartAsync(table);
        var ids = await host.Client.PublishAllAsync(topic, "a");
        await using var live = await SseStream.OpenAsync(host.Client, $"events/{topic}?from=start");
        await using var quiet = await SseStream.OpenAsync(host.Client, $"events/{TopicApi.NewTopic()}");
        await using var another = await SseStream.OpenAsync(host.Client, $"events/{topic}");
        Assert.Equal(ids[0], (await live.ReadEventAsync())?.Id);

        Assert.Equal(0, await host.TerminateAsync());

        foreach (var stream in (SseStream[])[live, quiet, another])
        {
            // The end of a response that is cut off would throw here.
            var frames = await stream.ReadToEndAsync();
            Assert.Matches(@"\Aretry: [1-9][0-9]*\n: .*stopping.*\z", frames[^1]);
        }
    }

    [SkippableFact]
    public async Task Host_exits_when_a_client_does_not_read_at_all()
    {
        Skip.If(Target.NoProcessControl is not null, Target.NoProcessControl);
        Skip.If(OperatingSystem.IsWindows(), NoSigterm);
        await using var host = await LocalHostProcess.StartAsync(table, "Stream__WriteTimeout=00:03:00"); // which it does not wait for
        await BulkyTopic.PublishAsync(host.Client, topic);
        using var stuck = await RawClient.OpenAsync(host.BaseAddress, $"events/{topic}?from=start");
        await BulkyTopic.ReadAllAsync(host.Client, topic); // by then the other is stuck
        await using var live = await SseStream.OpenAsync(host.Client, $"events/{topic}");

        Assert.Equal(0, await host.TerminateAsync());

        Assert.Matches(@"\Aretry: [1-9][0-9]*\n: ", (await live.ReadToEndAsync())[^1]);
    }

    [Fact]
    public async Task Host_waits_for_streams_for_less_than_the_platform_waits_for_it()
    {
        await using var host = await TestHost.StartAsync();

        Assert.True(host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout < PlatformTimeout);
    }
}
