using System.Text.Encodings.Web;
using System.Text.Json;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>An event as JSON: <c>{"id","type","time","data"}</c>. Data that is JSON is a value, all other a string.</summary>
internal static class HistoryJson
{
    /// <summary>The answer is no HTML, so that letters beyond ASCII may stay as they are. What comes from data is checked here.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Write(Utf8JsonWriter json, HistoryEvent stored)
    {
        var frame = stored.Frame.Span;
        json.WriteStartObject();
        json.WriteString("id", SseFrame.IdOf(frame));
        json.WriteString("type", SseFrame.TypeOf(frame));
        json.WriteString("time", stored.Time.UtcDateTime);
        json.WritePropertyName("data");
        WriteData(json, stored.Frame);
        json.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlyMemory<byte> frame)
    {
        var data = SseFrame.DataOf(frame);
        if (JsonText.IsValue(data))
            json.WriteRawValue(data.Span, skipInputValidation: true);
        else
            json.WriteStringValue(data.Span);
    }
}
