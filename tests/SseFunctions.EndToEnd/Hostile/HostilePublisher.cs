using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;

namespace SseFunctions.EndToEnd.Hostile;

/// <summary>What a publisher sends who tries to get a frame of its own into a stream.</summary>
/// <param name="Type">In the query; empty for none.</param>
/// <param name="Body">In UTF-8, unless it was made not to be.</param>
/// <param name="MediaType">What it says that the body is.</param>
/// <param name="Inner">The event's type and data as they stand in the body; null where all of the body is the data.</param>
internal sealed record HostilePublisher(string Type, byte[] Body, string MediaType, (string? Type, string Data)? Inner)
{
    /// <summary>Of what FsCheck draws, in elements.</summary>
    private const int Size = 30;

    private const string Plain = "text/plain";
    private const string Json = "application/json";
    private const string Ndjson = "application/x-ndjson";
    private const string CloudEvents = "application/cloudevents+json";

    private const int MaxTypeBytes = 128;
    private const int MaxDataBytes = 64 * 1024;

    private static readonly string[] Pieces =
    [
        "\r", "\n", "\r\n", "\n\n", "\r\r", "\n\r", "\0", "\uFEFF", "\u2028", "\u2029", "\u0085", "\v", "\f", "\u001b", "\u007f", " ", ":", "",
        "data:", "data", "data: ", "id:", "id: 9", "event:", "event: sse.reset", "retry:", "retry: 1", ": comment", "\n\nid: x\ndata: injected\n\n",
        "\r\rretry: 0\r\r", "event: a\ndata: b", "é", "世界", "🚀", "a\u0301", "\uFFFD", "\uFFFF", "\U0010FFFF", "\\n", "\\u000a", "\\", "\"", "</script>", "%0A", "%00",
    ];

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Elements(Pieces).ListOf().Select(string.Concat),
        Gen.Elements(Pieces),
        ArbMap.Default.GeneratorFor<UnicodeString>().Select(text => text.Item ?? "").Where(IsUnicode),
        Gen.Choose(1, 60_000).Select(length => new string('x', length)),
        Gen.Choose(1, 9_000).Select(times => string.Concat(Enumerable.Repeat("\n:\r\n", times))));

    private static readonly Gen<string> TypeText = Gen.Frequency(
        (2, Gen.Constant("")),
        (1, Gen.Elements("message", "error", "open", "SSE.reset", "sse.reset", "sse.", "sse", " x", "x ", ":", "data: x", "retry: 1", "\uFEFF", "a\u2028b", new string('t', 128), new string('t', 129))),
        (2, Gen.Elements(Pieces).NonEmptyListOf().Select(pieces => string.Concat(pieces.Take(4)))),
        (2, ArbMap.Default.GeneratorFor<UnicodeString>().Select(text => text.Item ?? "").Where(IsUnicode)));

    private static readonly Gen<byte[]> TextBody = Text.Select(Encoding.UTF8.GetBytes);

    private static readonly Gen<byte[]> JsonBody = Gen.OneOf(
        Text.Select(text => JsonSerializer.SerializeToUtf8Bytes(text)),
        Text.Select(text => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [text] = text })),
        Gen.Elements("\r", "\n", "\r\n", "\t", " ").ListOf().Select(space => Encoding.UTF8.GetBytes($"{string.Concat(space)}[{string.Concat(space)}1,{string.Concat(space)}\"\\ud83d\\ude80\"]{string.Concat(space)}")),
        Gen.Elements("""{"a":"\ud800"}""", """["\udc00\ud800"]""", """{"\ud800":1}""", "\"\n\"", "", "\uFEFF1", "{\"a\":1}\n\ndata: x").Select(Encoding.UTF8.GetBytes));

    private static readonly Gen<byte[]> NoUtf8 = Gen.Elements<byte[]>([0xFF], [0xC0, 0x8A], [0xED, 0xA0, 0x80], [0x61, 0xC3], [0xF4, 0x90, 0x80, 0x80]);

    private static readonly Gen<HostilePublisher> Any = TypeText.SelectMany(
        type => Gen.Frequency(
            (5, TextBody.Select(body => new HostilePublisher(type, body, Plain, null))),
            (4, JsonBody.Select(body => new HostilePublisher(type, body, Json, null))),
            (2, Text.SelectMany(text => Gen.Elements(true, false).Select(hasType => Line(type, JsonSerializer.Serialize(text), hasType)))),
            (2, Text.Select(text => CloudEvent(type, JsonSerializer.Serialize(text)))),
            (1, Gen.Elements(Plain, Json, Ndjson, CloudEvents).SelectMany(mediaType => NoUtf8.Select(body => new HostilePublisher(type, body, mediaType, null))))));

    public static IReadOnlyList<HostilePublisher> Draw(int count, int seed) => [.. Gen.Sample(Any, count, new Rnd((ulong)seed), Size)];

    /// <summary>The answer by the README's rules; null where the server must judge: 201 for what is JSON or a CloudEvent, and else 400.</summary>
    public int? ExpectedStatus => SentBytes > MaxDataBytes ? 413
        : !Utf8.IsValid(Body) || IsBad(QueryType) || (Inner?.Type is { } type && (type.Length == 0 || IsBad(type))) ? 400
        : MediaType is Plain or Ndjson ? 201
        : null;

    /// <summary>The type with which a client must get it.</summary>
    public string ExpectedType => (Inner?.Type ?? QueryType) is { Length: > 0 } type ? type : "message";

    /// <summary>The data that a client must get: the format has no other line end than LF.</summary>
    public string ExpectedData
    {
        get
        {
            var text = Inner?.Data ?? Encoding.UTF8.GetString(Body);
            text = text.StartsWith('\uFEFF') ? text[1..] : text; // the body's own mark, not its data
            return (MediaType == Plain ? text : text.Trim(' ', '\t', '\r', '\n'))
                .Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        }
    }

    private int SentBytes => Inner is { } inner ? Encoding.UTF8.GetByteCount(inner.Data) : Body.Length;

    /// <summary>A CloudEvent brings its own.</summary>
    private string QueryType => MediaType == CloudEvents ? "" : Type;

    public HttpRequestMessage Request(string topic)
    {
        var content = new ByteArrayContent(Body);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        return new HttpRequestMessage(HttpMethod.Post, $"events/{topic}" + (QueryType.Length == 0 ? "" : $"?type={Uri.EscapeDataString(QueryType)}")) { Content = content };
    }

    public override string ToString() => $"type {JsonSerializer.Serialize(Type)}, {MediaType} of {Body.Length} bytes: {Convert.ToHexString(Body.AsSpan(0, Math.Min(Body.Length, 64)))}";

    /// <summary>A line whose data is JSON text, and whose type is its own half of the time.</summary>
    private static HostilePublisher Line(string type, string data, bool hasType)
    {
        var own = hasType ? $"\"type\":{JsonSerializer.Serialize(type)}," : "";
        return new HostilePublisher(hasType ? "" : type, Encoding.UTF8.GetBytes($$"""{{{own}}"data": {{data}} }"""), Ndjson, (hasType ? type : null, data));
    }

    private static HostilePublisher CloudEvent(string type, string data)
    {
        var body = $$"""{ "specversion":"1.0", "id":"1", "source":"/s", "type":{{JsonSerializer.Serialize(type)}}, "data":{{data}} }""";
        return new HostilePublisher("", Encoding.UTF8.GetBytes(body), CloudEvents, (type, body));
    }

    private static bool IsBad(string type) =>
        Encoding.UTF8.GetByteCount(type) > MaxTypeBytes || type.Any(char.IsControl) || type.StartsWith("sse.", StringComparison.Ordinal);

    private static bool IsUnicode(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
