using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;

namespace SseFunctions.EndToEnd;

/// <summary>What a publisher sends who tries to get a frame of its own into a stream.</summary>
/// <param name="Type">In the query; empty for none.</param>
/// <param name="Body">In UTF-8, unless it was made not to be.</param>
/// <param name="IsJson">Whether it says that the body is JSON, rather than text.</param>
internal sealed record HostilePublisher(string Type, byte[] Body, bool IsJson)
{
    /// <summary>Of what FsCheck draws, in elements.</summary>
    private const int Size = 30;

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
        _ => Gen.Frequency((5, TextBody.Select(body => (body, false))), (4, JsonBody.Select(body => (body, true))), (1, NoUtf8.Select(body => (body, false)))),
        (type, body) => new HostilePublisher(type, body.body, body.Item2));

    public static IReadOnlyList<HostilePublisher> Draw(int count, int seed) => [.. Gen.Sample(Any, count, new Rnd((ulong)seed), Size)];

    /// <summary>The answer by the README's rules; null where the server must judge: 201 for what is JSON, and else 400.</summary>
    public int? ExpectedStatus => Body.Length > MaxDataBytes ? 413
        : Encoding.UTF8.GetByteCount(Type) > MaxTypeBytes || Type.Any(char.IsControl) || Type.StartsWith("sse.", StringComparison.Ordinal) || !Utf8.IsValid(Body) ? 400
        : IsJson ? null
        : 201;

    /// <summary>The type with which a client must get it.</summary>
    public string ExpectedType => Type.Length == 0 ? "message" : Type;

    /// <summary>The data that a client must get: the format has no other line end than LF.</summary>
    public string ExpectedData
    {
        get
        {
            var text = Encoding.UTF8.GetString(Body);
            text = text.StartsWith('\uFEFF') ? text[1..] : text; // the body's own mark, not its data
            return (IsJson ? text.Trim(' ', '\t', '\r', '\n') : text)
                .Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        }
    }

    public HttpRequestMessage Request(string topic)
    {
        var content = new ByteArrayContent(Body);
        content.Headers.ContentType = new MediaTypeHeaderValue(IsJson ? "application/json" : "text/plain");
        return new HttpRequestMessage(HttpMethod.Post, $"events/{topic}" + (Type.Length == 0 ? "" : $"?type={Uri.EscapeDataString(Type)}")) { Content = content };
    }

    public override string ToString() => $"type {JsonSerializer.Serialize(Type)}, {(IsJson ? "JSON" : "text")} of {Body.Length} bytes: {Convert.ToHexString(Body.AsSpan(0, Math.Min(Body.Length, 64)))}";

    private static bool IsUnicode(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
