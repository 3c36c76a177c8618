using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Http;
using CloudNative.CloudEvents.SystemTextJson;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>CloudEvents in binary mode, which the SDKs, Knative and Dapr send by default, and Event Grid's own schema.</summary>
public sealed class BinaryCloudEventTests : IAsyncLifetime
{
    private static readonly string[] Attributes = ["ce-specversion: 1.0", "ce-id: 1", "ce-source: /shop", "ce-type: shop.order"];

    private TestHost host = null!;

    public async Task InitializeAsync() => host = await TestHost.StartAsync();

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Fact]
    public async Task Event_of_the_SDK_arrives_whole_and_under_its_type()
    {
        var sent = new CloudEvent
        {
            Id = "7",
            Source = new Uri("/shop", UriKind.Relative),
            Type = "shop.bestellung.größe",
            Subject = "100 % \"ü\"",
            Time = DateTimeOffset.UnixEpoch,
            DataContentType = "application/json",
            Data = new { n = 1.5, text = "ü<" },
        };
        sent.SetAttributeFromString("myextension", "x");
        using var content = sent.ToHttpContent(ContentMode.Binary, new JsonEventFormatter());

        using var answer = await host.Client.PostAsync("events/a", content).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var message = await ReadAsync();
        Assert.Equal(sent.Type, message!.Type);
        var got = new JsonEventFormatter().DecodeStructuredModeMessage(Encoding.UTF8.GetBytes(message.Data), null, null);
        Assert.Equal(
            (sent.Id, sent.Source, sent.Type, sent.Subject, sent.Time, sent.DataContentType, sent["myextension"]),
            (got.Id, got.Source, got.Type, got.Subject, got.Time, got.DataContentType, got["myextension"]));
        Assert.Equal("""{"n":1.5,"text":"ü<"}""", JsonSerializer.Deserialize<JsonElement>(message.Data).GetProperty("data").GetRawText());
    }

    [Theory]
    [InlineData("application/json", "{\"n\": 1}", "data", "{\"n\":1}")]
    [InlineData("application/vnd.shop+json; charset=utf8", "\u00ef\u00bb\u00bf[1]", "data", "[1]")]
    [InlineData("text/json", "{\"n\":3}", "data", "{\"n\":3}")]
    [InlineData("text/plain", "x", "data", "\"x\"")]
    [InlineData("text/plain; charset=iso-8859-1", "\u00fc", "data", "\"ü\"")]
    [InlineData("application/octet-stream", "\u0000\u0001", "data_base64", "\"AAE=\"")]
    [InlineData("multipart/form-data; boundary=x", "x", "data_base64", "\"eA==\"")]
    [InlineData("application/xml", "<x/>", "data_base64", "\"PHgvPg==\"")]
    [InlineData(null, "{\"n\":2}", "data", "{\"n\":2}")] // without a type it is JSON
    [InlineData(null, "", null, null)]
    [InlineData("application/json", "", null, null)]
    public async Task Data_arrives_whatever_its_type_is(string? contentType, string body, string? member, string? expected)
    {
        var answer = await PostAsync([.. Attributes, .. contentType is null ? [] : (string[])[$"Content-Type: {contentType}"]], body);

        Assert.Equal(201, RawRequest.StatusOf(answer));
        var message = await ReadAsync();
        Assert.Equal("shop.order", message!.Type);
        var json = JsonSerializer.Deserialize<JsonElement>(message.Data);
        Assert.Equal("/shop", json.GetProperty("source").GetString());
        if (member is null)
            Assert.False(json.TryGetProperty("data", out _) || json.TryGetProperty("data_base64", out _));
        else
            Assert.Equal(expected, json.GetProperty(member).GetRawText().Replace("\\u00FC", "ü", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("ce-specversion", "x", "", "ce-type: t", "ce-id: 1", "ce-source: /s")]
    [InlineData("ce-specversion", "x", "", "ce-specversion: 0.3", "ce-type: t", "ce-id: 1", "ce-source: /s")]
    [InlineData("body", "\u00ff", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain")]
    [InlineData("ce-source", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1")]
    [InlineData("ce-id", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: ", "ce-source: /s")]
    [InlineData("ce-time", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "ce-time: yesterday")]
    [InlineData("ce-my_ext", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "ce-my_ext: 1")]
    [InlineData("ce-specversion", "x", "", "ce-specversion: 1.0", "ce-specversion: 0.3", "ce-type: t", "ce-id: 1", "ce-source: /s")]
    [InlineData("Content-Type", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain", "Content-Type: text/html")]
    [InlineData("body", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: application/json")]
    [InlineData("body", "{\"a\":1,\"a\":2}", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: application/json")]
    [InlineData("body", "\"\\ud800\"", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: application/json")]
    [InlineData("Content-Type", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain; charset=klingon")]
    [InlineData("body", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: ;;")]
    [InlineData("ce-type", "x", "", "ce-specversion: 1.0", "ce-type: a%00b", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain")]
    [InlineData("type", "x", "", "ce-specversion: 1.0", "ce-type: sse.reset", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain")]
    [InlineData("type", "x", "?type=u", "ce-specversion: 1.0", "ce-type: t", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain")]
    [InlineData("ce-type", "x", "", "ce-specversion: 1.0", "ce-type: t", "ce-type: u", "ce-id: 1", "ce-source: /s", "Content-Type: text/plain")]
    public async Task Event_that_is_none_is_refused(string field, string body, string query, params string[] headers)
    {
        var answer = await PostAsync(headers, body, query);

        Assert.Equal(400, RawRequest.StatusOf(answer));
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Null(await ReadAsync());
    }

    [Fact]
    public async Task Content_Type_of_a_CloudEvent_in_JSON_wins_over_headers_of_the_binary_mode()
    {
        const string Structured = """{"specversion":"1.0","id":"2","source":"/s","type":"structured"}""";

        var answer = await PostAsync([.. Attributes, "Content-Type: application/cloudevents+json"], Structured);

        Assert.Equal(201, RawRequest.StatusOf(answer));
        var message = await ReadAsync();
        Assert.Equal(("structured", Structured), (message!.Type, message.Data));
    }

    [Fact]
    public async Task Event_whose_JSON_is_too_long_is_refused()
    {
        var answer = await PostAsync([.. Attributes, "Content-Type: application/octet-stream"], new string('x', 64 * 1024));

        Assert.Equal(413, RawRequest.StatusOf(answer));
        Assert.Contains("\"limit\":65536,\"size\":87", answer, StringComparison.Ordinal); // in base64
    }

    private const string Validation = """[{"id":"1","topic":"t","subject":"","data":{"validationCode":"secret-code","validationUrl":"https://rp.example/validate"},"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","eventTime":"2026-01-01T00:00:00Z","metadataVersion":"1","dataVersion":"2"}]""";

    [Theory]
    [InlineData(Validation, "aeg-event-type: SubscriptionValidation")]
    [InlineData(Validation)]
    [InlineData("""[{"eventType":"order"}]""", "aeg-event-type: Notification")]
    public async Task Event_Grids_own_schema_is_refused_and_no_code_is_published(string body, params string[] headers)
    {
        var answer = await PostAsync([.. headers, "Content-Type: application/json; charset=utf-8"], body);

        Assert.Equal(400, RawRequest.StatusOf(answer));
        Assert.Contains("CloudEvents schema v1.0", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-code", answer, StringComparison.Ordinal);
        Assert.Null(await ReadAsync());
    }

    [Theory]
    [InlineData("application/cloudevents+json", """{"specversion":"1.0","id":"1","source":"/s","type":"t"}""", "aeg-event-type: Notification")]
    [InlineData("application/json", """["Microsoft.EventGrid.SubscriptionValidationEvent",{"eventType":1}]""")]
    public async Task What_is_not_Event_Grids_own_schema_is_published(string contentType, string body, params string[] headers)
    {
        var answer = await PostAsync([.. headers, $"Content-Type: {contentType}"], body);

        Assert.Equal(201, RawRequest.StatusOf(answer));
    }

    private Task<string> PostAsync(string[] headers, string body, string query = "") =>
        RawRequest.SendAsync(host, [$"POST /api/events/a{query} HTTP/1.1", .. headers], Encoding.Latin1.GetBytes(body));

    private async Task<SseMessage?> ReadAsync()
    {
        await using var stream = await host.OpenAsync("events/a?from=start&mode=poll");
        return await stream.ReadEventAsync();
    }
}
