using System.Text;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>A request that the contract answers with a problem.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">With {topic} for the test's topic.</param>
/// <param name="Status">What the answer must be.</param>
/// <param name="Field">What the answer must name.</param>
internal sealed record BadRequest(HttpMethod Method, string Path, int Status, string Field)
{
    private const string Events = "events/{topic}";
    private const string Topic = "topics/{topic}";
    private const string History = "topics/{topic}/events";
    private const int TooLarge = (64 * 1024) + 1;
    private static readonly string LongTopic = new('a', 65);
    private static readonly string ManyTypes = "?" + string.Join('&', Enumerable.Range(1, 17).Select(i => $"type={i}"));

    public static readonly IReadOnlyDictionary<string, BadRequest> All = new Dictionary<string, BadRequest>
    {
        ["stream: topic begins with a dash"] = Get("events/-a", "topic"),
        ["stream: topic has 65 characters"] = Get($"events/{LongTopic}", "topic") with { Limit = 64, Size = 65 },
        ["stream: topic has a space"] = Get("events/a%20b", "topic"),
        ["stream: topic ends in a line break"] = Get("events/a%0A", "topic"),
        ["stream: topic has a letter beyond ASCII"] = Get("events/%C3%BC", "topic"),
        ["stream: topic of the log's own rows"] = Get("events/!topics", "topic"),
        ["topic: topic begins with a dot"] = Get("topics/.a", "topic"),
        ["list: prefix begins with a dash"] = Get("topics?prefix=-a", "prefix"),
        ["list: prefix has 65 characters"] = Get($"topics?prefix={LongTopic}", "prefix") with { Limit = 64, Size = 65 },
        ["list: prefix is given twice"] = Get("topics?prefix=a&prefix=b", "prefix") with { Limit = 1, Size = 2 },
        ["list: after is a row of retention's own"] = Get("topics?after=!retention", "after"),
        ["list: after has a quote"] = Get("topics?after=a%27or%20%27a", "after"),
        ["list: limit is 0"] = Get("topics?limit=0", "limit"),
        ["list: limit is 1001"] = Get("topics?limit=1001", "limit") with { Limit = 1000, Size = 1001 },
        ["list: limit is no 32-bit number"] = Get("topics?limit=99999999999", "limit") with { Limit = 1000, Size = 99_999_999_999 },
        ["list: limit is negative"] = Get("topics?limit=-1", "limit"),
        ["put: topic begins with a dash"] = Put("topics/-a", 400, "topic", "{}"),
        ["put: type is missing"] = Put(Topic, 415, "Content-Type", "{}") with { ContentType = null },
        ["put: body is empty"] = Put(Topic, 400, "body", ""),
        ["put: body is no object"] = Put(Topic, 400, "body", "[1]"),
        ["put: body is one byte too long"] = Put(Topic, 413, "body", $"{{{new string(' ', 1023)}}}") with { Limit = 1024, Size = 1025 },
        ["put: member is unknown"] = Put(Topic, 400, "body", """{"maxage":"1.00:00:00"}"""),
        ["put: member is given twice"] = Put(Topic, 400, "body", """{"maxEvents":1,"maxEvents":1}"""),
        ["put: maxAge is 24 hours as none"] = Put(Topic, 400, "maxAge", """{"maxAge":"24:00:00"}"""),
        ["put: maxAge is a number"] = Put(Topic, 400, "maxAge", """{"maxAge":60}"""),
        ["put: maxAge is half a surrogate pair"] = Put(Topic, 400, "body", """{"maxAge":"\ud800"}"""),
        ["put: maxAge is too short"] = Put(Topic, 400, "maxAge", """{"maxAge":"00:00:59"}"""),
        ["put: maxAge is too long"] = Put(Topic, 400, "maxAge", """{"maxAge":"3650.00:00:01"}"""),
        ["put: maxEvents is 0"] = Put(Topic, 400, "maxEvents", """{"maxEvents":0}"""),
        ["put: maxEvents is a fraction"] = Put(Topic, 400, "maxEvents", """{"maxEvents":1.5}"""),
        ["put: maxEvents is a text"] = Put(Topic, 400, "maxEvents", """{"maxEvents":"1"}"""),
        ["put: maxEvents is one too many"] = Put(Topic, 400, "maxEvents", """{"maxEvents":2821109907456}""") with { Limit = 2_821_109_907_455, Size = 2_821_109_907_456 },
        ["delete: topic of the log's own rows"] = new(HttpMethod.Delete, "topics/!topics", 400, "topic"),
        ["complete: topic begins with an underscore"] = Post("topics/_a/complete", 400, "topic", null, ""),
        ["publish: topic begins with a dash"] = Post("events/-a", 400, "topic", "text/plain", "x"),
        ["stream: last is no number"] = Get(Events + "?last=many", "last"),
        ["stream: last is negative"] = Get(Events + "?last=-1", "last"),
        ["stream: last is no 64-bit number"] = Get(Events + "?last=99999999999999999999", "last"),
        ["stream: last is one too many"] = Get(Events + "?last=2821109907456", "last") with { Limit = 2_821_109_907_455, Size = 2_821_109_907_456 },
        ["stream: from is unknown"] = Get(Events + "?from=later", "from"),
        ["stream: mode is unknown"] = Get(Events + "?mode=push", "mode"),
        ["stream: mode is given twice"] = Get(Events + "?mode=poll&mode=push", "mode") with { Limit = 1, Size = 2 },
        ["stream: active is neither true nor false"] = Get(Events + "?active=yes", "active"),
        ["stream: active is given twice"] = Get(Events + "?active=true&active=false", "active") with { Limit = 1, Size = 2 },
        ["stream: since is no time"] = Get(Events + "?since=yesterday", "since"),
        ["stream: since is a time without a zone"] = Get(Events + "?since=2026-11-25T19:22:25", "since"),
        ["stream: since is a day that is none"] = Get(Events + "?since=2026-02-30T00:00:00Z", "since"),
        ["stream: since is a negative duration"] = Get(Events + "?since=-5m", "since"),
        ["stream: since is a duration of .NET"] = Get(Events + "?since=00:10:00", "since"),
        ["stream: since is longer than retention can be"] = Get(Events + "?since=3651d", "since") with { Limit = 315_360_000, Size = 315_446_400 },
        ["stream: since is no 64-bit number"] = Get(Events + "?since=99999999999999999999s", "since"),
        ["stream: since is given twice"] = Get(Events + "?since=1h&since=2h", "since") with { Limit = 1, Size = 2 },
        ["stream: type is reserved"] = Get(Events + "?type=a&type=sse.reset", "type"),
        ["stream: type has a line break"] = Get(Events + "?type=a%0Ab", "type"),
        ["stream: type has 129 bytes"] = Get(Events + "?type=" + new string('t', 129), "type") with { Limit = 128, Size = 129 },
        ["stream: 17 types"] = Get(Events + ManyTypes, "type") with { Limit = 16, Size = 17 },
        ["streams: since is no time"] = Get("events?topic=a&topic=b&since=x", "since"),
        ["streams: type is reserved"] = Get("events?topic=a&topic=b&type=sse.", "type"),
        ["history: topic begins with a dash"] = Get("topics/-a/events", "topic"),
        ["history: limit is 0"] = Get(History + "?limit=0", "limit"),
        ["history: limit is 1001"] = Get(History + "?limit=1001", "limit") with { Limit = 1000, Size = 1001 },
        ["history: limit is no number"] = Get(History + "?limit=ten", "limit"),
        ["history: limit is negative"] = Get(History + "?limit=-1", "limit"),
        ["history: since is no time"] = Get(History + "?since=1w", "since"),
        ["history: type is reserved"] = Get(History + "?type=sse.cursor", "type"),
        ["history: 17 types"] = Get(History + ManyTypes, "type") with { Limit = 16, Size = 17 },
        ["history: after is given twice"] = Get(History + "?after=abc123-1&after=abc123-2", "after") with { Limit = 1, Size = 2 },
        ["history: before is given twice"] = Get(History + "?before=abc123-1&before=abc123-2", "before") with { Limit = 1, Size = 2 },
        ["publish: complete is neither true nor false"] = Post(Events + "?complete=1", 400, "complete", "text/plain", "x"),
        ["publish: complete is given twice"] = Post(Events + "?complete=true&complete=false", 400, "complete", "text/plain", "x") with { Limit = 1, Size = 2 },
        ["run: kind is unknown"] = Post("demo/runs?kind=poem", 400, "kind", null, ""),
        ["run: pieces is 0"] = Post("demo/runs?pieces=0", 400, "pieces", null, ""),
        ["run: pieces is one too many"] = Post("demo/runs?pieces=2001", 400, "pieces", null, "") with { Limit = 2000, Size = 2001 },
        ["run: rate is one too many"] = Post("demo/runs?rate=101", 400, "rate", null, "") with { Limit = 100, Size = 101 },
        ["run: rate is no number"] = Post("demo/runs?rate=x", 400, "rate", null, ""),
        ["run: rate is given twice"] = Post("demo/runs?rate=1&rate=2", 400, "rate", null, "") with { Limit = 1, Size = 2 },
        ["publish: type is not supported"] = Post(Events, 415, "Content-Type", "application/xml", "<x/>"),
        ["publish: type is missing"] = Post(Events, 415, "Content-Type", null, "x"),
        ["publish: type is malformed"] = Post(Events, 415, "Content-Type", ";;", "x"),
        ["publish: charset is not UTF-8"] = Post(Events, 415, "Content-Type", "text/plain; charset=utf-16", "x"),
        ["publish: text is one byte too long"] = Post(Events, 413, "data", "text/plain", new string('x', TooLarge)) with { Limit = TooLarge - 1, Size = TooLarge },
        ["publish: text is one byte too long, and chunked"] = Post(Events, 413, "data", "text/plain", new string('x', TooLarge)) with { Limit = TooLarge - 1, Size = TooLarge, IsChunked = true },
        ["publish: JSON is one byte too long"] = Post(Events, 413, "data", "application/json", $"\"{new string('x', TooLarge - 2)}\"") with { Limit = TooLarge - 1, Size = TooLarge },
        ["publish: text is not UTF-8"] = Post(Events, 400, "body", "text/plain", [0x61, 0xC3, 0x28]),
        ["publish: JSON is not UTF-8"] = Post(Events, 400, "body", "application/json", [0x22, 0xFF, 0x22]),
        ["publish: JSON is cut off"] = Post(Events, 400, "body", "application/json", """{"a":"""),
        ["publish: JSON is empty"] = Post(Events, 400, "body", "application/json", ""),
        ["publish: JSON is white space"] = Post(Events, 400, "body", "application/json", " \n"),
        ["publish: JSON is two values"] = Post(Events, 400, "body", "application/json", "{} {}"),
        ["publish: JSON has half a surrogate pair"] = Post(Events, 400, "body", "application/json", """{"a":"\ud800"}"""),
        ["publish: JSON has half a surrogate pair in a name"] = Post(Events, 400, "body", "application/json", """{"\ud800":1}"""),
        ["publish: JSON is nested without end"] = Post(Events, 400, "body", "application/json", new string('[', 30_000)),
        ["publish: type is reserved"] = Post(Events + "?type=sse.reset", 400, "type", "text/plain", "x"),
        ["publish: type has a line break"] = Post(Events + "?type=a%0Adata:%20injected", 400, "type", "text/plain", "x"),
        ["publish: type has 129 bytes"] = Post(Events + "?type=" + new string('t', 129), 400, "type", "text/plain", "x") with { Limit = 128, Size = 129 },
    };

    public byte[]? Body { get; init; }

    public string? ContentType { get; init; }

    public bool IsChunked { get; init; }

    /// <summary>The limit that the answer must name; null for none.</summary>
    public long? Limit { get; init; }

    /// <summary>The size that the answer must name; null for none.</summary>
    public long? Size { get; init; }

    public HttpRequestMessage For(string topic)
    {
        var request = new HttpRequestMessage(Method, Path.Replace("{topic}", topic, StringComparison.Ordinal));
        request.Headers.TransferEncodingChunked = IsChunked;
        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Body);
            if (ContentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        return request;
    }

    private static BadRequest Get(string path, string field) => new(HttpMethod.Get, path, 400, field);

    private static BadRequest Put(string path, int status, string field, string body) =>
        Post(path, status, field, "application/json", body) with { Method = HttpMethod.Put };

    private static BadRequest Post(string path, int status, string field, string? contentType, string body) =>
        Post(path, status, field, contentType, Encoding.UTF8.GetBytes(body));

    private static BadRequest Post(string path, int status, string field, string? contentType, byte[] body) =>
        new(HttpMethod.Post, path, status, field) { ContentType = contentType, Body = body };
}
