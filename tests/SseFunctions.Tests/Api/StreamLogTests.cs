using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>host.json keeps the Functions host from logging streams, since to it every client that leaves is a fault: real faults the app logs.</summary>
public sealed class StreamLogTests
{
    [Fact]
    public async Task Fault_of_a_stream_is_logged_by_the_app()
    {
        using var log = new FakeLoggerProvider();
        await using var host = await TestHost.StartAsync(configure: builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddSingleton<IStartupFilter>(new BrokenBodies(isWritable: false));
        });

        using var answer = await host.Client.GetAsync("events/a").WaitAsync(SseStream.Timeout);

        var record = Assert.Single(log.Collector.GetSnapshot(), record => record.Category == typeof(StreamRunner).FullName);
        Assert.Equal((LogLevel.Error, "A stream of topic a failed (1 streams since the last such line)"), (record.Level, record.Message));
        Assert.IsType<NotSupportedException>(record.Exception);
    }

    /// <summary>A fault that is every stream's, and its client comes back for another.</summary>
    [Fact]
    public async Task Streams_that_fail_within_a_minute_are_two_lines_with_their_number_and_their_clients_come_back()
    {
        const int Streams = 50;
        using var log = new FakeLoggerProvider();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await TestHost.StartAsync(time: time, configure: builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddSingleton<IStartupFilter>(new BrokenBodies(isWritable: true));
        });

        for (var i = 0; i < Streams; i++)
        {
            using var answer = await host.Client.GetAsync("events/a").WaitAsync(SseStream.Timeout);
            Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            Assert.True(answer.Headers.CacheControl?.NoStore);
            Assert.Matches(@"\Aretry: \d+\n: something went wrong here; reconnect later\n\z", await answer.Content.ReadAsStringAsync());
        }

        time.Advance(FaultTally.UsualInterval);

        Assert.Equal(
            [Line(1), Line(Streams - 1)],
            log.Collector.GetSnapshot().Where(record => record.Category == typeof(StreamRunner).FullName).Select(record => record.Message));

        static string Line(int count) => $"A stream of topic a failed ({count} streams since the last such line)";
    }

    [Theory]
    [InlineData("Function.SseStream", "None")]
    [InlineData("Function.SseStreamTopics", "None")]
    [InlineData("Function.SseStream.User", "Warning")]
    [InlineData("Function.SseStreamTopics.User", "Warning")]
    [InlineData("Host.Results", "None")]
    public void Functions_host_logs_of_streams_what_the_app_says_and_nothing_else(string category, string level)
    {
        var hostJson = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json")).Build();

        Assert.Equal(level, hostJson.GetSection("logging:logLevel")[category]);
    }

    private sealed class BrokenBodies(bool isWritable) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Features.Set<IHttpResponseBodyFeature>(new BrokenBody(isWritable ? context.Features.GetRequiredFeature<IHttpResponseBodyFeature>() : null));
                return rest();
            });
            next(app);
        };
    }

    /// <param name="body">What is written to; null for nothing.</param>
    private sealed class BrokenBody(IHttpResponseBodyFeature? body) : IHttpResponseBodyFeature
    {
        public Stream Stream => Stream.Null;

        public PipeWriter Writer => body?.Writer ?? throw new NotSupportedException();

        public void DisableBuffering() => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => body?.StartAsync(cancellationToken) ?? Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CompleteAsync() => body?.CompleteAsync() ?? Task.CompletedTask;
    }
}
