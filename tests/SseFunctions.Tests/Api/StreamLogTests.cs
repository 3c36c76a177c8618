using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using SseFunctions.Api;
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
            builder.Services.AddSingleton<IStartupFilter, BrokenBodies>();
        });

        using var answer = await host.Client.GetAsync("events/a").WaitAsync(SseStream.Timeout);

        var record = Assert.Single(log.Collector.GetSnapshot(), record => record.Category == typeof(StreamRunner).FullName);
        Assert.Equal((LogLevel.Error, "A stream of topic a failed"), (record.Level, record.Message));
        Assert.IsType<NotSupportedException>(record.Exception);
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

    private sealed class BrokenBodies : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Features.Set<IHttpResponseBodyFeature>(new BrokenBody());
                return rest();
            });
            next(app);
        };
    }

    private sealed class BrokenBody : IHttpResponseBodyFeature
    {
        public Stream Stream => Stream.Null;

        public PipeWriter Writer => throw new NotSupportedException();

        public void DisableBuffering() => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
