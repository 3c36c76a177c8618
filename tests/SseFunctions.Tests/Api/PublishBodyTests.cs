using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Whatever kind of body a publisher sends, a stream brings the same types and data, or the publisher a clear refusal and nothing else.</summary>
public sealed class PublishBodyTests : IAsyncLifetime
{
    private const string Ndjson = "application/x-ndjson";
    private const string CloudEvent = "application/cloudevents+json";
    private const string CloudEvents = "application/cloudevents-batch+json";
    private const string One = """{"specversion":"1.0","id":"1","source":"/shop","type":"shop.order","data":{"n": 1}}""";
    private const string Two = """{ "specversion":"1.0", "id":"2", "source":"/shop", "type":"shop.paid", "myextension":"x", "data_base64":"AAE=" }""";

    private TestHost host = null!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync();

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Fact]
    public async Task Ndjson_publishes_a_line_an_event_and_any_value_as_it_was_written()
    {
        const string Body = "{\"data\":{\"a\" : [1, \"\\u00fc\"]}}\n\n  {\"type\":\"t\",\"data\":\"a\\nb\"}\r\n{\"data\":null,\"type\":null}\n{\"type\":\"größe\",\"data\":  1e3 }";

        var (status, answer) = await PostAsync(Ndjson, Body);

        Assert.Equal(HttpStatusCode.Created, status);
        var ids = answer.GetProperty("ids").EnumerateArray().Select(id => id.GetString()).ToList();
        Assert.Equal(
            [new(ids[0], "message", """{"a" : [1, "\u00fc"]}"""), new(ids[1], "t", """
            "a\nb"
            """), new(ids[2], "message", "null"), new(ids[3], "größe", "1e3")],
            await ReadAsync());
    }

    [Fact]
    public async Task Ndjson_takes_the_type_of_the_query_for_lines_without_one()
    {
        await PostAsync(Ndjson, "{\"data\":1}\n{\"data\":2,\"type\":\"own\"}", "?type=common");

        Assert.Equal(["common", "own"], (await ReadAsync()).Select(message => message.Type));
    }

    [Fact]
    public async Task Ndjson_publishes_as_much_as_a_transaction_takes()
    {
        var line = $$"""{"data":"{{new string('x', (64 * 1024) - 2)}}"}""" + "\n";

        var (status, _) = await PostAsync(Ndjson, string.Concat(Enumerable.Repeat(line, 44)));

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(44, (await ReadAsync()).Count);
    }

    [Theory]
    [InlineData("", 400, "events", null)]
    [InlineData("\n \n", 400, "events", null)]
    [InlineData("{\"data\":1}\n\n{\"data\":", 400, "body", "line 3")]
    [InlineData("{\"data\":1}\n[1]", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1}{\"data\":1}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"type\":\"t\"}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"id\":\"7\"}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"data\":2}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"Type\":\"t\"}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"type\":7}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":\"\\ud800\"}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"\\ud800\":1}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":{\"\\ud800\":1}}", 400, "body", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"type\":\"sse.reset\"}", 400, "type", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"type\":\"a\\nb\"}", 400, "type", "line 2")]
    [InlineData("{\"data\":1}\n{\"data\":1,\"type\":\"\"}", 400, "type", "line 2")]
    public Task Ndjson_publishes_nothing_when_a_line_is_wrong(string body, int status, string field, string? place) =>
        AssertRefusedAsync(Ndjson, body, status, field, place);

    /// <summary>The escapes of a name are checked as those of a value: a parser of a subscriber's would stumble over half a surrogate pair.</summary>
    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""[{"a":{"b\udfff":null}}]""")]
    [InlineData("""{"a":"\ud800"}""")]
    public Task Json_is_refused_when_an_escape_is_half_a_surrogate_pair(string body) => AssertRefusedAsync("application/json", body, 400, "body", "the body");

    [Fact]
    public async Task Ndjson_publishes_nothing_when_it_is_over_a_limit()
    {
        var problem = await AssertRefusedAsync(Ndjson, string.Concat(Enumerable.Repeat("{\"data\":1}\n", 99)), 413, "events", null);
        Assert.Equal((98, 99), (problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));

        problem = await AssertRefusedAsync(Ndjson, $$"""{"data":"{{new string('x', 64 * 1024)}}"}""", 413, "data", "line 1");
        Assert.Equal((65536, 65538), (problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));

        var line = $$"""{"data":"{{new string('x', 60_000)}}"}""" + "\n";
        problem = await AssertRefusedAsync(Ndjson, string.Concat(Enumerable.Repeat(line, 49)), 413, "data", null);
        Assert.Equal((2_883_584, 49 * 60_002), (problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));

        problem = await AssertRefusedAsync(Ndjson, new string(' ', (4 * 1024 * 1024) + 1), 413, "body", null);
        Assert.Equal((4_194_304, 4_194_305), (problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));
    }

    [Fact]
    public async Task A_CloudEvent_is_the_data_as_it_was_written_and_its_type_the_type()
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(CloudEvent, $" {One}\n")).Status);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(CloudEvents, $"[{Two},\n{One}]")).Status);

        var messages = await ReadAsync();
        Assert.Equal([("shop.order", One), ("shop.paid", Two), ("shop.order", One)], messages.Select(message => (message.Type, message.Data)));
        var formatter = new JsonEventFormatter();
        var parsed = messages.Select(message => formatter.DecodeStructuredModeMessage(Encoding.UTF8.GetBytes(message.Data), null, null)).ToList();
        Assert.Equal(["1", "2", "1"], parsed.Select(cloudEvent => cloudEvent.Id));
        Assert.Equal([0, 1], Assert.IsType<byte[]>(parsed[1].Data));
    }

    [Theory]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop"}""", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"0.3","id":"1","source":"/shop","type":"t"}""", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"","source":"/shop","type":"t"}""", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop","type":"t","time":"yesterday"}""", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop","type":"t","type":"u"}""", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":{"a":1,"\u0061":2}}""", 400, "body", "the body")]
    [InlineData(CloudEvents, """[{"specversion":"1.0","id":"1","id":"2","source":"/shop","type":"t"}]""", 400, "body", "event 1")]
    [InlineData(CloudEvent, "[]", 400, "body", "the body")]
    [InlineData(CloudEvent, "7", 400, "body", "the body")]
    [InlineData(CloudEvent, "", 400, "body", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop","type":"sse.reset"}""", 400, "type", "the body")]
    [InlineData(CloudEvent, """{"specversion":"1.0","id":"1","source":"/shop","type":"a\u0000b"}""", 400, "body", "the body")]
    [InlineData(CloudEvents, "{}", 400, "body", null)]
    [InlineData(CloudEvents, "[]", 400, "events", null)]
    [InlineData(CloudEvents, $"[{One},7]", 400, "body", "event 2")]
    [InlineData(CloudEvents, $$"""[{{One}},{"specversion":"1.0","id":"1","source":"/shop","type":"sse.x"}]""", 400, "type", "event 2")]
    public Task CloudEvents_are_refused_when_one_is_none(string contentType, string body, int status, string field, string? place) =>
        AssertRefusedAsync(contentType, body, status, field, place);

    [Fact]
    public async Task CloudEvents_are_refused_without_an_echo_of_what_was_sent()
    {
        foreach (var attribute in (string[])["specversion", "time", new string('E', 1000)])
        {
            var version = attribute == "specversion" ? "" : "\"specversion\":\"1.0\",";
            var body = $$"""{{{version}}"id":"1","source":"/shop","type":"t","{{attribute}}":"{{new string('%', 30_000)}}"}""";
            var problem = await AssertRefusedAsync(CloudEvent, body, 400, "body", "the body");

            Assert.InRange(problem.GetProperty("detail").GetString()!.Length, 1, 300);
        }
    }

    /// <summary>4 MiB of the smallest values: whatever was kept of each would take many times the body's size.</summary>
    [Theory]
    [InlineData(Ndjson, "", "1\n", "1")]
    [InlineData(CloudEvents, "[", "1,", "1]")]
    [InlineData(CloudEvents, "[[", "1,", "1]]")]
    [InlineData(CloudEvents, "[", "\"\\n\",", "1]")]
    public void A_batch_that_is_refused_takes_little_memory(string mediaType, string start, string part, string end)
    {
        var body = Encoding.UTF8.GetBytes(start + string.Concat(Enumerable.Repeat(part, (PublishBody.MaxBatchBytes - 8) / part.Length)) + end);
        var kind = PublishBody.For(mediaType)!;
        Assert.Throws<InvalidInputException>(() => kind.Read(body, null)); // once for what is made only once
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidInputException>(() => kind.Read(body, null));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, body.Length / 4);
    }

    [Theory]
    [InlineData(Ndjson, """{"data":1}""")]
    [InlineData(CloudEvents, $"[{One}]")]
    public void An_event_of_a_batch_does_not_hold_the_body_in_memory(string mediaType, string body)
    {
        var newEvent = Assert.Single(PublishBody.For(mediaType)!.Read(Encoding.UTF8.GetBytes(body + new string(' ', 1000)), null));

        Assert.True(MemoryMarshal.TryGetArray(newEvent.Data, out var array));
        Assert.Equal(newEvent.Data.Length, array.Array!.Length);
    }

    [Fact]
    public async Task CloudEvents_are_refused_when_they_are_over_a_limit()
    {
        await AssertRefusedAsync(CloudEvent, One.Replace("\"n\"", $"\"{new string('n', 64 * 1024)}\"", StringComparison.Ordinal), 413, "data", null);
        await AssertRefusedAsync(CloudEvents, $"[{One.Replace("\"n\"", $"\"{new string('n', 64 * 1024)}\"", StringComparison.Ordinal)}]", 413, "data", "event 1");
        await AssertRefusedAsync(CloudEvents, $"[{string.Join(',', Enumerable.Repeat(One, 99))}]", 413, "events", null);
        await AssertRefusedAsync(CloudEvent, One.Replace("shop.order", new string('t', 129), StringComparison.Ordinal), 400, "type", null);
    }

    [Theory]
    [InlineData(CloudEvent)]
    [InlineData(CloudEvents)]
    public async Task CloudEvents_are_refused_when_the_query_has_a_type(string contentType)
    {
        var (status, problem) = await PostAsync(contentType, One, "?type=t");

        Assert.Equal((HttpStatusCode.BadRequest, "type"), (status, problem.GetProperty("field").GetString()));
    }

    [Theory]
    [InlineData(Ndjson)]
    [InlineData(CloudEvent)]
    [InlineData(CloudEvents)]
    public async Task Bodies_are_taken_in_UTF_8_and_no_other_charset(string contentType)
    {
        var body = contentType switch { Ndjson => """{"data":1}""", CloudEvents => $"[{One}]", _ => One };

        foreach (var charset in (string[])["\"UTF-8\"", "utf8", "UTF8", "\"utf8\"", "us-ascii", "unicode-1-1-utf-8"])
            Assert.Equal(HttpStatusCode.Created, (await PostAsync($"{contentType.ToUpperInvariant()}; Charset={charset}", body)).Status);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await PostAsync(contentType + "; charset=utf-16", body)).Status);
        await AssertRefusedAsync(contentType, "\u00ff", 400, "body", null, Encoding.Latin1, published: 6);
    }

    [Theory]
    [InlineData("eventgrid.azure.net", null, "*")]
    [InlineData("eventgrid.azure.net", "120", "120")]
    [InlineData("eventgrid.azure.net", "*", "*")]
    [InlineData("eventgrid.azure.net", "0", "*")]
    [InlineData("eventgrid.azure.net", "many", "*")]
    public async Task Options_allow_a_webhook_that_asks(string origin, string? rate, string allowed)
    {
        using var answer = await OptionsAsync("events/a", origin, rate);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([origin], answer.Headers.GetValues("WebHook-Allowed-Origin"));
        Assert.Equal([allowed], answer.Headers.GetValues("WebHook-Allowed-Rate"));
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task Options_allow_nothing_when_nothing_is_asked_or_the_request_is_bad()
    {
        using var plain = await OptionsAsync("events/a", null, null);
        using var bad = await OptionsAsync("events/a", "a b", null);
        using var tooLong = await OptionsAsync("events/a", new string('a', 254), null);
        using var badTopic = await OptionsAsync("events/-a", "eventgrid.azure.net", null);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest], new[] { plain, bad, badTopic }.Select(answer => answer.StatusCode));
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
        Assert.Contains("\"limit\":253,\"size\":254", await tooLong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.All([plain, bad, badTopic, tooLong], answer => Assert.False(answer.Headers.Contains("WebHook-Allowed-Origin")));
    }

    private async Task<HttpResponseMessage> OptionsAsync(string path, string? origin, string? rate)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        if (origin is not null)
            request.Headers.TryAddWithoutValidation("WebHook-Request-Origin", origin);

        if (rate is not null)
            request.Headers.TryAddWithoutValidation("WebHook-Request-Rate", rate);

        return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }

    private async Task<JsonElement> AssertRefusedAsync(string contentType, string body, int expected, string field, string? place, Encoding? encoding = null, int published = 0)
    {
        var (status, problem) = await PostAsync(contentType, body, encoding: encoding);

        Assert.Equal((expected, field), ((int)status, problem.GetProperty("field").GetString()));
        if (place is not null)
            Assert.StartsWith(place, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        Assert.Equal(published, (await host.Client.GetFromJsonAsync<JsonElement>("topics/a")).GetProperty("count").GetInt32());
        return problem;
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string contentType, string body, string query = "", Encoding? encoding = null)
    {
        using var content = new ByteArrayContent((encoding ?? Encoding.UTF8).GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using var answer = await host.Client.PostAsync("events/a" + query, content).WaitAsync(SseStream.Timeout);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    private async Task<IReadOnlyList<SseMessage>> ReadAsync()
    {
        await using var stream = await host.OpenAsync("events/a?from=start&mode=poll");
        return [.. SseMessage.In(await stream.ReadToEndAsync())];
    }
}
