using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>
/// The wire format of text/event-stream, html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream:
/// fields end with a line feed, a frame with an empty line.
/// </summary>
internal static class SseFrame
{
    public const string ResetType = "sse.reset";

    /// <summary>A comment without text: proxies see traffic, the browser sees nothing.</summary>
    public static readonly ReadOnlyMemory<byte> Heartbeat = ":\n\n"u8.ToArray();

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Writes an event. Each line of the data becomes a field of its own, since CR, LF and CRLF all end a line.</summary>
    public static void WriteEvent(IBufferWriter<byte> output, EventId id, string? type, ReadOnlySpan<byte> data)
    {
        output.Write("id: "u8);
        Encoding.UTF8.GetBytes(id.ToString(), output);
        if (type is not null)
        {
            output.Write("\nevent: "u8);
            Encoding.UTF8.GetBytes(type, output);
        }

        while (true)
        {
            output.Write("\ndata: "u8);
            var end = data.IndexOfAny(LineEnds);
            if (end < 0)
                break;

            output.Write(data[..end]);
            data = data[(end + (data[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        output.Write(data);
        output.Write("\n\n"u8);
    }

    /// <summary>Moves the client's last event ID; without data nothing is dispatched.</summary>
    public static ReadOnlyMemory<byte> Id(EventId id) => Encoding.UTF8.GetBytes($"id: {id}\n\n");

    /// <summary>Sets the client's reconnection time, in whole milliseconds, and says why in a comment.</summary>
    public static ReadOnlyMemory<byte> Retry(TimeSpan reconnectionTime, string comment) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"retry: {(long)reconnectionTime.TotalMilliseconds}\n: {comment}\n\n"));

    /// <summary>Tells of a gap. Its id is where the stream goes on, so that a reconnect is not told of it again.</summary>
    public static ReadOnlyMemory<byte> Reset(Topic topic, StreamGap gap)
    {
        var output = new ArrayBufferWriter<byte>();
        var data = JsonSerializer.SerializeToUtf8Bytes(
            new { topic = topic.Name, reason = gap.Reason, lost = gap.Lost, resumeFrom = gap.ResumeFrom.ToString() });
        WriteEvent(output, gap.ResumeFrom, ResetType, data);
        return output.WrittenMemory;
    }
}
