using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

public sealed class IdempotencyKeyHeaderTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync();

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Fact]
    public async Task Publish_answers_200_with_the_first_ids_when_it_is_repeated()
    {
        var key = new string('~', 128);
        var (status, first) = await PublishAsync("a", key);
        await host.PublishAsync("orders", "between");

        var repeats = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PublishAsync("a", key)));

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.All(repeats, repeat => Assert.Equal((HttpStatusCode.OK, first.GetProperty("ids")[0].GetString()), (repeat.Status, repeat.Body.GetProperty("ids")[0].GetString())));
        await using var stream = await host.OpenAsync("events/orders?from=start&mode=poll");
        Assert.Equal(["a", "between"], SseMessage.In(await stream.ReadToEndAsync()).Select(message => message.Data));
    }

    [Theory]
    [InlineData("b", "")]
    [InlineData("a", "?type=t")]
    public async Task Publish_answers_422_when_a_key_is_repeated_with_another_body(string text, string query)
    {
        await PublishAsync("a", "key");

        var (status, problem) = await PublishAsync(text, "key", query);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "Idempotency-Key"), (status, problem.GetProperty("field").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await PublishAsync("a", "key")).Status);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("a b", null)]
    [InlineData("schl\u00fcssel", null)]
    [InlineData(null, 129)]
    public async Task Publish_answers_400_when_the_key_is_outside_its_limits(string? key, int? size)
    {
        var (status, problem) = await PublishAsync("a", key ?? new string('k', size!.Value));

        Assert.Equal((HttpStatusCode.BadRequest, "Idempotency-Key"), (status, problem.GetProperty("field").GetString()));
        Assert.Equal(size is null ? null : 128, problem.TryGetProperty("limit", out var limit) ? limit.GetInt32() : (int?)null);
        Assert.Equal(size, problem.TryGetProperty("size", out var given) ? given.GetInt32() : null);
    }

    /// <summary>As two header lines: HttpClient would send them as one.</summary>
    [Fact]
    public async Task Publish_answers_400_when_there_are_two_keys()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /api/events/orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n"
            + "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"));
        using var reader = new StreamReader(stream);

        var answer = await reader.ReadToEndAsync().WaitAsync(SseStream.Timeout);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"field\":\"Idempotency-Key\",\"limit\":1,\"size\":2", answer, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PublishAsync(string text, string key, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "events/orders" + query) { Content = new StringContent(text, Encoding.UTF8, "text/plain") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = host.Client.BaseAddress };
        using var answer = await client.SendAsync(request).WaitAsync(SseStream.Timeout);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
