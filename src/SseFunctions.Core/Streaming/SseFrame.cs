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
/// <remarks>
/// A reconnection time and a comment count when their lines end, and so no empty line follows them: some clients, such as
/// npm's @microsoft/fetch-event-source, pass an empty message to their page for every empty line.
/// </remarks>
internal static class SseFrame
{
    public const string ResetType = "sse.reset";

    /// <summary>The type of an event without one.</summary>
    public static ReadOnlySpan<byte> DefaultType => "message"u8;

    /// <summary>The type of an event that only moves the client's last event ID: nobody listens for it.</summary>
    public const string CursorType = "sse.cursor";

    /// <summary>A comment without text: proxies see traffic, the browser sees nothing.</summary>
    public static readonly ReadOnlyMemory<byte> Heartbeat = ":\n"u8.ToArray();

    /// <summary>An event begins with its id, so that an id can be put around it without looking further.</summary>
    public static ReadOnlySpan<byte> IdField => "id: "u8;

    private static ReadOnlySpan<byte> TypeField => "event: "u8;

    private static ReadOnlySpan<byte> DataField => "data: "u8;

    /// <summary>No frame has an empty line within it: every line of data has its field name.</summary>
    private static ReadOnlySpan<byte> FrameEnd => "\n\n"u8;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>Writes an event. Each line of the data becomes a field of its own, since CR, LF and CRLF all end a line.</summary>
    /// <param name="id">The event's id, which stands first; null to leave the client's as it is.</param>
    /// <param name="type">The event's type; null for the default.</param>
    public static void WriteEvent(IBufferWriter<byte> output, string? id, string? type, ReadOnlySpan<byte> data)
    {
        if (id is not null)
            WriteLine(output, IdField, id);

        if (type is not null)
            WriteLine(output, TypeField, type);

        while (true)
        {
            output.Write(DataField);
            var end = data.IndexOfAny(LineEnds);
            if (end < 0)
                break;

            output.Write(data[..end]);
            output.Write("\n"u8);
            data = data[(end + (data[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }

        output.Write(data);
        output.Write(FrameEnd);
    }

    /// <summary>
    /// Moves the client's last event ID. By the specification an id alone does that, but Firefox, WebKit and npm's eventsource
    /// take an id only with data.
    /// </summary>
    /// <param name="id">Where the client is; null to leave its id as it is.</param>
    public static ReadOnlyMemory<byte> Cursor(string? id)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteEvent(output, id, CursorType, "{}"u8);
        return output.WrittenMemory;
    }

    /// <summary>
    /// What the response to a WebKit client that comes back begins with. WebKit keeps what has come of a frame when a connection
    /// breaks, and reads the next response as its rest (Source/WebCore/page/EventSource.cpp, didFail): the colon ends the half
    /// line, and the half frame becomes an event that nobody listens for.
    /// </summary>
    /// <param name="reconnectionTime">As <see cref="Retry"/> has it.</param>
    /// <param name="comment">What the client gets.</param>
    /// <param name="lastEventId">The id that the client has brought, which half an id may have replaced; null to leave it.</param>
    public static ReadOnlyMemory<byte> Resumption(TimeSpan reconnectionTime, string comment, string? lastEventId) =>
        (byte[])[.. Heartbeat.Span, .. Retry(reconnectionTime, comment).Span, .. Cursor(lastEventId).Span];

    /// <summary>Sets the client's reconnection time, in whole milliseconds, and says why in a comment.</summary>
    public static ReadOnlyMemory<byte> Retry(TimeSpan reconnectionTime, string comment) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"retry: {(long)reconnectionTime.TotalMilliseconds}\n: {comment}\n"));

    /// <summary>Reports a gap in a topic. The frame's id, if it has one, is where the stream goes on, so that a reconnect does not report it again.</summary>
    public static ReadOnlyMemory<byte> Reset(Topic topic, StreamGap gap, string? id)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteEvent(output, id, ResetType, ResetData(topic, gap));
        return output.WrittenMemory;
    }

    /// <summary>What a report of a gap says, in JSON.</summary>
    public static byte[] ResetData(Topic topic, StreamGap gap) => JsonSerializer.SerializeToUtf8Bytes(
        new { topic = topic.Name, reason = gap.Reason, lost = gap.Lost, resumeFrom = gap.ResumeFrom.ToString() });

    /// <param name="frame">As <see cref="WriteEvent"/> has written it, with an id.</param>
    public static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> frame) => frame[IdField.Length..frame.IndexOf((byte)'\n')];

    /// <summary>The data of an event, its lines separated by line feeds.</summary>
    /// <param name="frame">As <see cref="WriteEvent"/> has written it, with an id.</param>
    public static ReadOnlyMemory<byte> DataOf(ReadOnlyMemory<byte> frame)
    {
        var rest = frame[(frame.Span.IndexOf((byte)'\n') + 1)..];
        if (rest.Span.StartsWith(TypeField))
            rest = rest[(rest.Span.IndexOf((byte)'\n') + 1)..];

        rest = rest[DataField.Length..^FrameEnd.Length];
        var line = rest.Span.IndexOf((byte)'\n');
        if (line < 0)
            return rest; // as most have one line, without a copy

        var data = new ArrayBufferWriter<byte>(rest.Length);
        for (; line >= 0; line = rest.Span.IndexOf((byte)'\n'))
        {
            data.Write(rest.Span[..(line + 1)]);
            rest = rest[(line + 1 + DataField.Length)..];
        }

        data.Write(rest.Span);
        return data.WrittenMemory;
    }

    /// <summary>The type of an event, that of an event without one included.</summary>
    /// <param name="frame">As <see cref="WriteEvent"/> has written it, with an id.</param>
    public static ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> frame)
    {
        var rest = frame[(frame.IndexOf((byte)'\n') + 1)..];
        return rest.StartsWith(TypeField) ? rest[TypeField.Length..rest.IndexOf((byte)'\n')] : DefaultType;
    }

    /// <summary>Where the first of some frames, as <see cref="WriteEvent"/> has written them, is to be split.</summary>
    /// <returns>How many bytes its id has, with the field's name and without the line's end; how many follow in this frame.</returns>
    public static (int Id, int Body) SplitFirst(ReadOnlySpan<byte> frames)
    {
        var id = frames.IndexOf((byte)'\n');
        return (id, frames.IndexOf(FrameEnd) + FrameEnd.Length - id);
    }

    private static void WriteLine(IBufferWriter<byte> output, ReadOnlySpan<byte> field, string value)
    {
        output.Write(field);
        Encoding.UTF8.GetBytes(value, output);
        output.Write("\n"u8);
    }
}
