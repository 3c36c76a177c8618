using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Numerics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

public class TelemetryTests
{
    private const string Payload = "the payload that nobody may see";

    [Fact]
    public async Task Streams_and_log_count_what_they_do()
    {
        await using var host = await TestHost.StartAsync();
        var active = Collect<long>(host, StreamTelemetry.ActiveStreams);
        var sent = Collect<long>(host, StreamTelemetry.SentEvents);
        var bytes = Collect<long>(host, StreamTelemetry.SentBytes);
        var catchUp = Collect<long>(host, StreamTelemetry.CatchUp);
        var delivery = Collect<double>(host, StreamTelemetry.DeliveryDuration);
        var duration = Collect<double>(host, StreamTelemetry.StreamDuration);
        var resets = Collect<long>(host, StreamTelemetry.Resets);
        var appended = Collect<long>(host, LogTelemetry.AppendedEvents);
        var transactions = Collect<long>(host, LogTelemetry.TableTransactions);

        await host.PublishAsync("a", Payload, Payload, Payload);
        await using (var stream = await host.OpenAsync("events/a?last=2"))
        {
            await stream.ReadEventsAsync(2);
            await catchUp.WaitForMeasurementsAsync(1).WaitAsync(SseStream.Timeout);
            await host.PublishAsync("a", Payload);
            await stream.ReadEventAsync();
            await delivery.WaitForMeasurementsAsync(1).WaitAsync(SseStream.Timeout);
            Assert.Equal(1, Sum(active));
        }

        await duration.WaitForMeasurementsAsync(1).WaitAsync(SseStream.Timeout);
        await using var poll = await host.OpenAsync("events/a?mode=poll", "garbage");
        await poll.ReadToEndAsync();
        await duration.WaitForMeasurementsAsync(2).WaitAsync(SseStream.Timeout);

        Assert.Equal(0, Sum(active));
        Assert.Equal(4, Sum(appended));
        Assert.Equal(2 + 1 + 4, Sum(sent));
        Assert.True(Sum(bytes) > 7 * Payload.Length);
        Assert.Equal([2, 4], catchUp.GetMeasurementSnapshot().Select(measurement => measurement.Value));
        Assert.All(delivery.GetMeasurementSnapshot(), measurement => Assert.InRange(measurement.Value, 0, 60));
        Assert.Equal("unknown", Assert.Single(resets.GetMeasurementSnapshot()).Tags[StreamTelemetry.ReasonAttribute]);
        Assert.Equal(
            [("newest", "client_left"), ("unknown", "caught_up")],
            duration.GetMeasurementSnapshot().Select(measurement => (measurement.Tags[StreamTelemetry.StartAttribute], measurement.Tags[StreamTelemetry.EndAttribute])));
        Assert.Contains(transactions.GetMeasurementSnapshot(), measurement => (string?)measurement.Tags["http.request.method"] == "GET");
        Assert.All(sent.GetMeasurementSnapshot(), measurement => Assert.DoesNotContain(TelemetryOptions.TopicAttribute, measurement.Tags.Keys));
    }

    [Fact]
    public async Task Conflicts_are_counted()
    {
        await using var one = await TestHost.StartAsync();
        await using var two = await TestHost.StartAsync(table: one.Table);
        var conflicts = Collect<long>(one, LogTelemetry.AppendConflicts);
        await one.PublishAsync("a", "1");
        await two.PublishAsync("a", "2");

        await one.PublishAsync("a", "3"); // its head is old by now

        Assert.Equal(1, Sum(conflicts));
    }

    [Fact]
    public async Task Measurements_carry_the_topic_only_when_it_is_asked_for()
    {
        await using var host = await TestHost.StartAsync(["Telemetry:Topic=true"]);
        var appended = Collect<long>(host, LogTelemetry.AppendedEvents);

        await host.PublishAsync("a", "1");

        Assert.Equal("a", Assert.Single(appended.GetMeasurementSnapshot()).Tags[TelemetryOptions.TopicAttribute]);
    }

    [Fact]
    public async Task Transactions_that_get_no_answer_are_counted()
    {
        using var nobody = new ClosedPort();
        await using var host = await TestHost.StartAsync(connectionString: nobody.ConnectionString);
        var transactions = Collect<long>(host, LogTelemetry.TableTransactions);

        using var answer = await host.Client.GetAsync("topics/a");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(2 * 3, Sum(transactions)); // of the head and of the retention, with the client's own retries
        Assert.All(transactions.GetMeasurementSnapshot(), measurement => Assert.Equal("no_response", measurement.Tags[LogTelemetry.ErrorAttribute]));
    }

    /// <summary>Azure Monitor's exporter brings a sampler that keeps a few spans a second.</summary>
    [Theory]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9/")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9")]
    public async Task No_span_is_sampled_away_whatever_the_exporter(string exporter)
    {
        var spans = new Spans();
        await using var host = await TestHost.StartAsync(
            [exporter],
            configure: builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(spans)));

        await host.PublishAsync("a", [.. Enumerable.Repeat("x", 100)]);

        Assert.True(spans.Count >= 100, $"{spans.Count} of 100"); // tests beside this one append as well
    }

    /// <summary>To a real OTLP endpoint over HTTP, which keeps what it gets.</summary>
    [Fact]
    public async Task Everything_is_exported_by_OTLP_without_payloads_and_topics_when_an_endpoint_is_set()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(received);
        await using (var host = await TestHost.StartAsync([$"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Urls.Single()}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"]))
        {
            await host.PublishAsync("confidential-topic", Payload);
            await using var stream = await host.OpenAsync("events/confidential-topic?from=start&mode=poll&token=secret-token");
            await stream.ReadToEndAsync();

            await host.StopAsync(); // the last spans end

            // The providers flush as they are disposed too, but then they wait for 5 s at most.
            await Task.Run(() => host.Services.GetRequiredService<TracerProvider>().ForceFlush());
            await Task.Run(() => host.Services.GetRequiredService<MeterProvider>().ForceFlush());
        }

        Assert.Contains(StreamTelemetry.SentEvents, received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("{event}", received["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("sse append", received["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("sse stream", received["/v1/traces"], StringComparison.Ordinal);
        foreach (var secret in new[] { Payload, "confidential-topic", "secret-token" })
            Assert.All(received.Values, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    private sealed class Spans : BaseProcessor<Activity>
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public override void OnEnd(Activity data)
        {
            if (data.DisplayName == "sse append" && data.Recorded)
                Interlocked.Increment(ref count);
        }
    }

    private static async Task<WebApplication> CollectorAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.AddOrUpdate(context.Request.Path, _ => Encoding.Latin1.GetString(body.ToArray()), (_, text) => text + Encoding.Latin1.GetString(body.ToArray()));
        });
        await app.StartAsync();
        return app;
    }

    private static MetricCollector<T> Collect<T>(TestHost host, string instrument)
        where T : struct =>
        new(host.Services.GetRequiredService<IMeterFactory>(), LogTelemetry.SourceName, instrument);

    private static T Sum<T>(MetricCollector<T> collector)
        where T : struct, INumber<T> =>
        collector.GetMeasurementSnapshot().Aggregate(T.Zero, (sum, measurement) => sum + measurement.Value);
}
