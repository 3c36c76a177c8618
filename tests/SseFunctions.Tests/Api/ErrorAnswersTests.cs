using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using SseFunctions.Api;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>What is neither the client's fault nor storage's is the server's, and the app logs it: the Functions host does not.</summary>
public sealed class ErrorAnswersTests
{
    /// <summary>A number that is none, which the storage client reports as it would a client's text: by a FormatException.</summary>
    private const string BrokenHead = """{"odata.etag":"W/\"1\"","PartitionKey":"a","RowKey":"!head","Last@odata.type":"Edm.Int64","Last":"none"}""";

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
        var record = Assert.Single(log.Collector.GetSnapshot(), record => record.Category == typeof(ErrorAnswers).FullName);
        Assert.Equal((LogLevel.Error, "A request failed before it was answered"), (record.Level, record.Message));
        Assert.IsType<FormatException>(record.Exception);
    }
}
