using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;
using EventId = SseFunctions.EventLog.EventId;

namespace SseFunctions.Tests.Streaming;

/// <summary>What the function app's host does to a stream, and what a stream does when something in it breaks.</summary>
public class StreamFaultTests
{
    /// <summary>
    /// At functionTimeout only the invocation's token fires, not the request's; at a disconnect both. Time stands still: a stream that
    /// waited for anything else would not return, and the Functions host would take the worker down with every stream on it.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task StreamAsync_returns_at_once_when_either_token_fires(bool invocation)
    {
        using var invocationCancelled = new CancellationTokenSource();
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await InvokerAsync(
            async (context, endpoints) =>
            {
                await endpoints.StreamAsync(context, "a", invocationCancelled.Token); // returns: thrown, it would count as failed
                returned.SetResult();
            },
            time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        using var leavesAtOnce = new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero };
        using var client = new HttpClient(leavesAtOnce) { BaseAddress = new Uri(app.Urls.Single()) };
        await using var stream = await SseStream.OpenAsync(client, "/");
        await stream.ReadFrameAsync();
        await stream.ReadFrameAsync();

        if (invocation)
            await invocationCancelled.CancelAsync();
        else
            await stream.DisposeAsync();

        await returned.Task.WaitAsync(SseStream.Timeout);
    }

    /// <summary>The web server's own request lines are the danger: in the function app as in the local host.</summary>
    [Fact]
    public async Task Nothing_of_a_query_reaches_a_log()
    {
        var log = new Lines();
        await using var app = await InvokerAsync((context, endpoints) => endpoints.StreamAsync(context, "a", CancellationToken.None), log);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        await using var stream = await SseStream.OpenAsync(client, "/?mode=poll&token=secret-token&code=secret-key", "secret-id");
        await stream.ReadToEndAsync();
        await app.StopAsync();

        Assert.Contains("Application is shutting down...", log.All); // lines do come here
        Assert.DoesNotContain("secret", string.Concat(log.All), StringComparison.Ordinal);
    }

    /// <summary>Not that of its first reader: a later fault of the feed is not that request's.</summary>
    [Fact]
    public async Task Feed_reads_the_table_in_no_requests_context()
    {
        await using var host = await TestHost.StartAsync();
        var context = new AsyncLocal<string>();
        using var reads = new TableReads(host.Services.GetRequiredService<TableEventLog>(), TimeProvider.System, NullLogger.Instance);
        var (time, seen) = (new Watch(), new TaskCompletionSource<string?>());
        var feed = new TopicFeed(Topic.Parse("a"), reads, new FrameCache(1), new StreamOptions(), time, NullLogger.Instance, _ => { });
        context.Value = "the request's";
        time.OnLook = () => seen.TrySetResult(context.Value);

        feed.Start();

        Assert.Null(await seen.Task.WaitAsync(SseStream.Timeout));
        feed.Dispose();
    }

    [Fact]
    public async Task Stream_ends_with_a_retry_and_keeps_the_fault_when_something_in_it_breaks()
    {
        await using var host = await TestHost.StartAsync();
        await host.PublishAsync("a", "1");
        var (pipe, time) = (new Pipe(), new BreaksOnce());
        using var session = new StreamSession(
            new StreamRequest([new TopicStart(Topic.Parse("a"), StreamStart.Oldest)]),
            StreamAdmission.Held,
            host.Services.GetRequiredService<TopicFeedRegistry>(),
            new StreamOptions(),
            host.Services.GetRequiredService<StreamTelemetry>(),
            time,
            CancellationToken.None,
            CancellationToken.None);

        var running = session.RunAsync(pipe.Writer, () => { });
        var delivered = await ReadAsync(pipe.Reader, "data: 1\n\n");
        time.IsArmed = true;
        using var completed = await host.Client.PostAsync("topics/a/complete", null); // wakes the stream, which then looks at the clock
        var end = await running.WaitAsync(SseStream.Timeout);
        await pipe.Writer.CompleteAsync();
        var rest = await new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8).ReadToEndAsync();

        Assert.Equal(StreamEnd.Failed, end);
        Assert.IsType<NotSupportedException>(session.Fault);
        Assert.StartsWith("retry: ", delivered, StringComparison.Ordinal);
        Assert.Matches(@"\Aretry: \d+\n: something went wrong here; reconnect later\n\z", rest);
    }

    /// <summary>One write at a time, whatever the pipe below would take: nothing is queued for this client.</summary>
    [Fact]
    public async Task Nothing_is_pushed_to_a_client_that_has_not_taken_the_last_push()
    {
        await using var host = await TestHost.StartAsync();
        var cursor = new EventId("abc123", 1);
        using var reader = new TopicReader(
            new TopicStart(Topic.Parse("a"), StreamStart.After(cursor)),
            host.Services.GetRequiredService<TopicFeedRegistry>(),
            new AsyncAutoResetEvent(),
            host.Services.GetRequiredService<StreamTelemetry>(),
            [],
            TimeProvider.System);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var clock = new StreamClock(TimeProvider.System);
        var deadline = new WriteDeadline(SseStream.Timeout, SseStream.Timeout, clock, null, () => { }, CancellationToken.None);
        using var client = new ClientWriter(pipe.Writer, deadline, clock, CancellationToken.None);
        var frames = "id: x\ndata: x\n\n"u8.ToArray();

        reader.Client = client;
        client.Exit();
        for (var i = 1; i <= 3; i++)
            reader.Push(cursor with { Sequence = i }, new FrameSlice(frames, i + 1, default));

        var written = await pipe.Reader.ReadAsync();
        Assert.Equal(frames.Length, written.Buffer.Length);
        Assert.Equal(cursor with { Sequence = 2 }, reader.Cursor);
        pipe.Reader.AdvanceTo(written.Buffer.End);
        await client.EnterAsync();
        Assert.False(client.IsWriting);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(503)]
    public async Task Live_stream_ends_and_says_why_when_the_head_can_be_read_and_the_events_cannot(int status)
    {
        await using var publisher = await TestHost.StartAsync();
        await publisher.PublishAsync("a", "1");
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString, table: publisher.Table);
        await using var stream = await host.OpenLiveAsync("events/a");
        proxy.Intercept = async call =>
        {
            if (call.IsQuery && !ChangeFeedTests.IsChangePoll(call))
                call.Reply(status);
            else
                await StorageProxy.PassOnAsync(call);
        };

        await publisher.PublishAsync("a", "2");

        Assert.Contains("storage cannot be reached", (await stream.ReadToEndAsync())[^1], StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(PipeReader reader, string end)
    {
        while (true)
        {
            var read = await reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
            var text = Encoding.UTF8.GetString(read.Buffer);
            reader.AdvanceTo(text.EndsWith(end, StringComparison.Ordinal) ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (text.EndsWith(end, StringComparison.Ordinal))
                return text;
        }
    }

    /// <summary>An endpoint as a trigger calls it.</summary>
    private static async Task<WebApplication> InvokerAsync(Func<HttpContext, StreamEndpoint, Task> invoke, ILoggerProvider? log = null, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace);
        if (log is not null)
            builder.Logging.AddProvider(log);
        builder.Services.AddSingleton(time ?? PatientClock.Instance);
        builder.Configuration["EventLog:ConnectionString"] = await TestStorage.ConnectionStringAsync();
        builder.Configuration["EventLog:TableName"] = TestStorage.NewTableName();
        builder.Configuration["Access:AnonymousTopics"] = "*";
        builder.Services.AddSseFunctions(builder.Configuration, sse => sse.TuneKestrel().QuietenWebServerLog());
        var app = builder.Build();
        app.MapGet("/", (HttpContext context) => invoke(context, app.Services.GetRequiredService<StreamEndpoint>()));
        await app.StartAsync();
        return app;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }

    /// <summary>A clock that reports each reading.</summary>
    private sealed class Watch : TimeProvider
    {
        public Action? OnLook { get; set; }

        public override long GetTimestamp()
        {
            OnLook?.Invoke();
            return base.GetTimestamp();
        }
    }

    /// <summary>A clock that once cannot tell the time: something that no one expects.</summary>
    private sealed class BreaksOnce : TimeProvider
    {
        private int broken;

        public bool IsArmed { get; set; }

        public override long GetTimestamp() =>
            IsArmed && Interlocked.Exchange(ref broken, 1) == 0 ? throw new NotSupportedException() : System.GetTimestamp();
    }
}
