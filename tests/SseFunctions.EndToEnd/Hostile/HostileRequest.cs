using System.Globalization;
using System.Text;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>Draws requests, byte by byte: most are nearly right, since what is all wrong gets no further than the web server.</summary>
/// <param name="random">Draws them: the same seed, the same requests.</param>
internal sealed class HostileRequest(Random random)
{
    private static readonly string Token = SignedToken.For(DateTimeOffset.UtcNow.AddHours(1), "a", "b.*");

    private static readonly string[] Methods = ["GET", "GET", "GET", "GET", "GET", "POST", "POST", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "G ET"];

    private static readonly string[] Topics =
    [
        "a", "b.c", "clock", "-a", "", ".", "..", "%2e%2e", "a%2Fb", "a%00", "a%0A", "a%0D%0A", "%", "%zz", "%C3%28", "%F0%9F%9A%80", "!head", "!topics", "a'or'1'eq'1", "a\\b", "a;b", "a?b", "a#b",
        "{topic}", new string('a', 64), new string('a', 65), new string('%', 300), "a/../a", "//", "é", "a-done",
    ];

    private static readonly string[] Values =
    [
        "", "0", "1", "-1", "5", "now", "start", "poll", "long-poll", "10m", "0s", "3650d", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-23:59", "0001-01-01T00:00:00+14:00", "NaN", "1e9", "99999999999999999999", "2821109907455", "abc123-1", "abc123-zzzzzzzz", "-", "--", "abc123-", "-1-1", "aaaaaa-1.bbbbbb-2", "%00", "%0d%0aevent:%20x",
        "%F0%9F%9A%80", "%ED%A0%80", "%", "+", "&&", "=", "a=b", "sse.reset", "sse.", "'", "\"", "<script>", "../../etc/passwd", "${jndi:ldap://x}", "{{7*7}}", new string('9', 300), new string('a', 3000), Token, Token[..^1],
    ];

    private static readonly string[] Parameters = ["lastEventId", "last", "active", "complete", "from", "since", "mode", "type", "type", "before", "token", "code", "topic", "prefix", "after", "limit", "kind", "pieces", "rate", "Last", "", "%00"];

    private static readonly string[] Headers =
    [
        "Last-Event-ID", "Authorization", "Cookie", "Content-Type", "Origin", "Idempotency-Key", "Accept", "Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since", "X-Forwarded-For", "X-HTTP-Method-Override",
        "Access-Control-Request-Method", "Access-Control-Request-Headers", "WebHook-Request-Origin", "Upgrade", "HTTP2-Settings", "Expect", "Transfer-Encoding", "Content-Length", "Content-Encoding", "Host", "Connection",
        "x-functions-key", "traceparent", "baggage", "tracestate", "X", "X Y", "", ":",
    ];

    /// <summary>What this app, rather than the web server, looks at.</summary>
    private static readonly string[] OwnHeaders =
        ["Last-Event-ID", "Authorization", "Cookie", "Origin", "Idempotency-Key", "Accept", "Access-Control-Request-Method", "WebHook-Request-Origin", "x-functions-key"];

    private static readonly string[] OwnHeaderValues =
        ["abc123-1", "-1", "0", "x", "*", "null", "http://localhost", "Bearer", "Bearer x", "bearer a.b.c", $"Bearer {Token}", "Basic eDp5", "sse_token=", "sse_token=x; sse_token=y", $"sse_token={Token}", "=;=;;,", "GET"];

    private static readonly string[] HeaderValues =
    [
        "", "x", "abc123-1", "application/json", "text/plain", "text/plain; charset=utf-16", "application/x-ndjson", "application/cloudevents+json", "multipart/form-data; boundary=x", "application/json;;;", "gzip", "chunked", "gzip, chunked",
        "identity", "100-continue", "bytes=0-0", "*", "null", "http://localhost", "https://stranger.example", "h2c", "websocket", "close", "keep-alive, upgrade", "Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "Basic eDp5",
        "sse_token=", "sse_token=x; sse_token=y", "=;=;;,", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "-1", "0", "5", "99999999999", "a\0b", "a\rb", "é", "\u00ff\u00fe", "\t", new string('x', 200), new string('x', 9000),
    ];

    private static readonly string[] Bodies =
    [
        "", "x", "{}", "[]", "null", "1", "\"\\ud800\"", "{\"a\":", "{\"topics\":[\"a\"]}", "{\"topics\":[\"a\"],\"lifetimeSeconds\":1e400}", "{\"topics\":[\"\\ud800\"]}", "{\"\\ud800\":1}", "\u00ff\u00fe", "\u00ef\u00bb\u00bf1", "\0\0\0\0",
        "{\"specversion\":\"1.0\"}", "{\"data\":1}\n{\"data\":2}", "a\r\n\r\nb", new string('[', 9000), new string('x', 70_000), "\"" + new string('\n', 100) + "\"", string.Concat(Enumerable.Repeat("{\"a\":", 5000)),
    ];

    /// <summary>Bodies that match a Content-Type that can be published, or nearly.</summary>
    private static readonly Dictionary<string, string[]> BodiesOf = new()
    {
        ["application/json"] = ["{\"a\":1}", " [1,2]\n", "\"\\u0041\"", "{\"maxAge\":\"1.00:00:00\",\"maxEvents\":5}", "{\"maxAge\":\"\\ud800\"}", "{\"maxEvents\":1e400}", "{\"maxEvents\":1,\"maxEvents\":2}"],
        ["text/plain"] = ["x", "a\r\n\r\nb"],
        ["application/x-ndjson"] = ["{\"data\":1}\n{\"type\":\"t\",\"data\":{\"a\":[]}}\n", "{\"data\":1}\n{\"data\":1,\"data\":2}", "{\"data\":\"\\ud800\"}", "\n\n", string.Concat(Enumerable.Repeat("1\n", 20_000))],
        ["application/cloudevents+json"] = [One, One.Replace("1.0", "0.3", StringComparison.Ordinal), One.Replace("\"t\"", "\"sse.reset\"", StringComparison.Ordinal), One.Replace("}", ",\"id\":\"2\"}", StringComparison.Ordinal), One.Replace("}", ",\"time\":\"0001-01-01T00:00:00+14:00\"}", StringComparison.Ordinal)],
        ["application/cloudevents-batch+json"] = [$"[{One}]", $"[{One},{One}]", $"[{One},7]", "[]", $"[{string.Join(',', Enumerable.Repeat(One, 99))}]", $"[{string.Join(',', Enumerable.Repeat("1", 20_000))}]"],
    };

    private const string One = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}";

    private static readonly string[] MediaTypes = [.. PublishBody.MediaTypes];

    /// <summary>The next request, in Latin-1.</summary>
    /// <param name="authority">The host's name and port.</param>
    public byte[] Next(string authority)
    {
        var (method, path) = (Pick(Methods, "GET"), Path());
        var body = method is "POST" or "PUT" or "PATCH" || OneIn(20) ? Pick(Bodies) : null;
        // Appends cost the table's time, which is not what is tried here.
        if (method == "POST" && !OneIn(6))
            path = OneIn(2) ? "/api/tokens" : $"/api/events/-{Pick(Topics)}";

        if (method is "PUT" or "DELETE" && OneIn(2))
            path = $"/api/topics/{Pick(Topics, Topic())}";

        var request = new StringBuilder($"{method} {path}{Query(path.Contains('?'))} HTTP/1.{(OneIn(50) ? 0 : 1)}\r\n");
        if (!OneIn(100))
            request.Append(CultureInfo.InvariantCulture, $"Host: {(OneIn(100) ? Pick(HeaderValues) : authority)}\r\n");

        for (var i = random.Next(5); i > 0; i--)
        {
            var (names, values) = OneIn(10) ? (Headers, HeaderValues) : (OwnHeaders, OneIn(3) ? Values : OwnHeaderValues);
            request.Append(CultureInfo.InvariantCulture, $"{Pick(names)}:{(OneIn(10) ? "" : " ")}{Pick(values)}\r\n");
        }

        if (OneIn(300))
            request.Append(string.Concat(Enumerable.Range(0, 150).Select(i => $"X-{i}: {i}\r\n")));

        AppendBody(request, body);
        var bytes = Encoding.Latin1.GetBytes(request.ToString());
        if (OneIn(25))
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

        return bytes;
    }

    private void AppendBody(StringBuilder request, string? body)
    {
        if (body is not null && !OneIn(4))
        {
            var mediaType = Pick(MediaTypes, "application/json");
            body = Pick(BodiesOf[mediaType], body);
            request.Append(CultureInfo.InvariantCulture, $"Content-Type: {mediaType}\r\n");
        }

        if (body is null)
            request.Append("\r\n");
        else if (OneIn(4))
            request.Append(CultureInfo.InvariantCulture, $"Transfer-Encoding: chunked\r\n\r\n{(OneIn(10) ? "-1" : $"{body.Length:x}")}\r\n{body}\r\n0\r\n\r\n");
        else
            request.Append(CultureInfo.InvariantCulture, $"Content-Length: {(OneIn(20) ? body.Length + random.Next(-3, 4) : body.Length)}\r\n\r\n{body}");
    }

    private string Path() => random.Next(12) switch
    {
        < 5 => $"/api/events/{Pick(Topics, Topic())}",
        5 => $"/api/topics/{Pick(Topics, Topic())}{(OneIn(2) ? "/events" : "")}",
        6 => $"/api/topics?prefix={Pick(Topics)}&limit={Pick(Values)}",
        7 => $"/api/topics/{Pick(Topics, "a-done")}/complete",
        8 => "/api/tokens",
        9 => Pick(["/api/health", "/api/demo", "/api/demo/runs", "/api/events", $"/api/events?topic={Topic()}&topic={Topic()}", $"/api/events?topic={Pick(Topics)}&topic={Topic()}"]),
        10 => Pick(["/", "/api", "/api/", "/API/EVENTS/a", "//api//events//a", "/api/events/a/", "/api/events/a/b", "*", "http://localhost/api/health", "/admin/host/status", "/%2e%2e/", "/api/%65vents/a", "é", ""]),
        _ => "/" + new string((char)random.Next(0x21, 0x100), random.Next(1, 5000)),
    };

    private string Topic() => $"{Pick(["a", "b.", "c"])}{random.Next(8)}";

    private string Query(bool isBegun)
    {
        // Most streams end by themselves, so that the client sees the end.
        var query = new StringBuilder(OneIn(5) ? "" : isBegun ? "&mode=poll" : "?mode=poll");
        for (var i = random.Next(4); i > 0; i--)
            query.Append(query.Length == 0 && !isBegun ? '?' : '&').Append(Pick(Parameters)).Append(OneIn(20) ? "" : "=").Append(Pick(Values));

        return query.ToString();
    }

    private bool OneIn(int count) => random.Next(count) == 0;

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];

    /// <summary>Half of the time what is right.</summary>
    private string Pick(string[] choices, string right) => OneIn(2) ? right : Pick(choices);
}
