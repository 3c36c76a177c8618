using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Api;
using SseFunctions.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>What is neither the client's fault nor storage's is the server's, and the app logs it: the Functions host does not.</summary>
public sealed class ErrorAnswersTests
{
    /// <summary>A number that is none, which the storage client reports as it would a client's text: by a FormatException.</summary>
    private const string BrokenHead = """{"odata.etag":"W/\"1\"","PartitionKey":"a","RowKey":"!head","Last@odata.type":"Edm.Int64","Last":"none"}""";

    private const int Requests = 50;

    [Fact]
    public async Task Fault_within_an_append_is_logged_and_is_not_the_publishers()
    {
        using var log = new FakeLoggerProvider();
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: proxy.ConnectionString, configure: builder => builder.Logging.AddProvider(log));
        proxy.Intercept = async call =>
        {
            using var broken = new HttpResponseMessage { Content = new StringContent(BrokenHead, Encoding.UTF8, "application/json") };
            await (call.Method == "GET" ? call.ReplyAsync(broken) : StorageProxy.PassOnAsync(call));
        };

        using var body = new StringContent("1", Encoding.UTF8, "text/plain");
        using var answer = await host.Client.PostAsync("events/a", body).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var record = Assert.Single(log.Collector.GetSnapshot(), record => record.Category == typeof(ErrorAnswers).FullName);
        Assert.Equal((LogLevel.Error, "A request failed before it was answered (1 requests since the last such line)"), (record.Level, record.Message));
        Assert.IsType<FormatException>(record.Exception);
        Assert.DoesNotContain(log.WithoutLateHeartbeats(), record => record.Level >= LogLevel.Warning && record.Category != typeof(ErrorAnswers).FullName); // the web server's own, for each
    }

    /// <summary>As many as clients ask for while storage is down.</summary>
    [Fact]
    public async Task Answers_503_of_a_minute_are_two_lines_with_their_number()
    {
        using var log = new FakeLoggerProvider();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(time: time, connectionString: proxy.ConnectionString, configure: builder => builder.Logging.AddProvider(log));
        proxy.Intercept = Faults.Refuse(403);

        for (var i = 0; i < Requests; i++)
        {
            using var answer = await host.Client.GetAsync("topics").WaitAsync(SseStream.Timeout);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        time.Advance(FaultTally.UsualInterval);

        Assert.Equal(
            [Line(1), Line(Requests - 1)],
            log.Collector.GetSnapshot().Where(record => record.Category == typeof(ErrorAnswers).FullName).Select(record => record.Message));

        static string Line(int count) => $"A request was answered 503: Table storage answered 403 . ({count} requests since the last such line)";
    }
}
