using System.Buffers;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.EventLog;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>What is framed here is parsed back by .NET's own parser.</summary>
public class SseFrameTests
{
    private static readonly EventId Id = new("abc123", 41);

    public static TheoryData<string> AwkwardData => new()
    {
        "", "\n", "\r", "\r\n", "\n\n", "a\rb", "a\r\nb\n", "\r\r\n\n", " leading", "data: x", ": comment", "id: 9\n\nevent: x", "\0", "\uFEFF", "中文 🚀", "a\u2028b\u0085c",
    };

    [Theory]
    [MemberData(nameof(AwkwardData))]
    public void WriteEvent_is_parsed_back_when_data_is_awkward(string data) => AssertParsedBack("type", data);

    [Property(MaxTest = 2000)]
    public Property WriteEvent_is_parsed_back_for_any_type_and_data() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>().Filter(IsType),
        Gen.Elements("a", "b", "\r", "\n", "\r\n", ":", " ", "data:", "é", "\0").ListOf().Select(string.Concat).ToArbitrary(),
        AssertParsedBack);

    [Fact]
    public void WriteEvent_leaves_out_the_type_when_there_is_none()
    {
        var frame = Frame(null, "x");

        Assert.Equal("id: abc123-15\ndata: x\n\n", Encoding.UTF8.GetString(frame));
    }

    [Fact]
    public void Reset_reports_the_gap_and_moves_the_last_event_id()
    {
        var gap = new StreamGap(StreamGap.Expired, 7, new EventId("abc123", 41));

        var parser = SseParser.Create(new MemoryStream(SseFrame.Reset(Topic.Parse("orders"), gap, "xyz789-3.abc123-15").ToArray()));
        var item = Assert.Single(parser.Enumerate());

        Assert.Equal("sse.reset", item.EventType);
        Assert.Equal("""{"topic":"orders","reason":"expired","lost":7,"resumeFrom":"abc123-15"}""", item.Data);
        Assert.Equal("xyz789-3.abc123-15", parser.LastEventId);
    }

    [Fact]
    public void Cursor_moves_the_last_event_id_by_an_event_of_a_reserved_type()
    {
        var parser = SseParser.Create(new MemoryStream(SseFrame.Cursor(Id.ToString()).ToArray()));

        Assert.Equal(("sse.cursor", "{}"), Assert.Single(parser.Enumerate().Select(item => (item.EventType, item.Data))));
        Assert.Equal("abc123-15", parser.LastEventId);
    }

    /// <summary>As WebKit reads it: what had come of a frame when the last response broke stands before this one.</summary>
    [Theory]
    [InlineData("id: abc123-16\ndata: hal", "abc123-15")]
    [InlineData("id: abc123-16\nevent: order\ndata: half\n", "abc123-15")]
    [InlineData("id: abc1", "abc123-15")]
    [InlineData("id: abc123-16\neve", "abc123-15")]
    [InlineData("re", "abc123-15")]
    public void Resumption_makes_nothing_of_the_half_frame_before_it(string half, string lastEventId)
    {
        var resumption = SseFrame.Resumption(TimeSpan.FromMilliseconds(1234), "topic a", Id.ToString()).ToArray();
        var parser = SseParser.Create(new MemoryStream([.. Encoding.UTF8.GetBytes(half), .. resumption, .. "data: next\n\n"u8]));

        Assert.Equal(["sse.cursor", "message"], parser.Enumerate().Select(item => item.EventType));
        Assert.Equal(lastEventId, parser.LastEventId);
        Assert.Equal(TimeSpan.FromMilliseconds(1234), parser.ReconnectionInterval);
    }

    [Fact]
    public void Retry_sets_whole_milliseconds_and_dispatches_nothing()
    {
        var parser = SseParser.Create(new MemoryStream(SseFrame.Retry(TimeSpan.FromMilliseconds(1234.9), "why").ToArray()));

        Assert.Empty(parser.Enumerate());
        Assert.Equal(TimeSpan.FromMilliseconds(1234), parser.ReconnectionInterval);
    }

    /// <summary>Some clients take every empty line for a message, so only frames with an id or data have one.</summary>
    [Fact]
    public void What_the_server_says_by_itself_has_no_empty_line_and_leaves_the_next_event_as_it_is()
    {
        byte[] own = [.. SseFrame.Retry(TimeSpan.FromSeconds(1), "topic a").Span, .. SseFrame.Heartbeat.Span];
        byte[] stream = [.. own, .. Frame("type", "1"), .. SseFrame.Heartbeat.Span, .. Frame(null, "2"), .. own];

        Assert.Equal(2, Encoding.UTF8.GetString(stream).Split("\n\n").Length - 1);
        Assert.Equal([("type", "1"), ("message", "2")], SseParser.Create(new MemoryStream(stream)).Enumerate().Select(item => (item.EventType, item.Data)));
    }

    /// <summary>Whatever the data, also where it looks like fields of a frame, and however large: only the ids change.</summary>
    [Property(MaxTest = 300)]
    public async Task Relabelling_changes_the_ids_and_nothing_else(NonNull<string>[] texts, bool isTyped, PositiveInt factor)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(factor);
        var large = new string('x', factor.Get * 1000 % 50_000);
        byte[] frames = [.. texts.SelectMany((text, i) => Frame(isTyped ? "type" : null, text.Get + "\n\nid: x\n" + (i % 3 == 0 ? large : "")))];
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var clock = new StreamClock(TimeProvider.System);
        using var client = new ClientWriter(pipe.Writer, new WriteDeadline(SseStream.Timeout, SseStream.Timeout, clock, null, () => { }, default), clock, default);

        using (var relabelled = new RelabelledWriter(client))
        {
            await relabelled.WriteAsync(frames, "before."u8.ToArray(), ".after"u8.ToArray());
            await relabelled.FlushAsync();
        }

        await pipe.Writer.CompleteAsync();
        var items = SseParser.Create(pipe.Reader.AsStream()).Enumerate().ToList();
        Assert.Equal(SseParser.Create(new MemoryStream(frames)).Enumerate().Select(item => (item.EventType, item.Data)), items.Select(item => (item.EventType, item.Data)));
        Assert.All(items, item => Assert.Equal("before.abc123-15.after", item.EventId));
    }

    private static bool IsType(string? text)
    {
        try
        {
            new NewEvent(text, default).Validate();
            return text is not null && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    private static void AssertParsedBack(string type, string data)
    {
        // After another event, so that a leak from one frame into the next would show.
        byte[] stream = [.. Frame("first", "1"), .. Frame(type, data), .. Frame(null, "3")];
        var parser = SseParser.Create(new MemoryStream(stream));

        var items = parser.Enumerate().ToList();

        Assert.Equal(["first", type, "message"], items.Select(item => item.EventType));
        Assert.Equal(["1", Normalized(data), "3"], items.Select(item => item.Data));
        Assert.All(items, item => Assert.Equal("abc123-15", item.EventId));
    }

    /// <summary>A client cannot tell the line ends apart: all become LF.</summary>
    private static string Normalized(string data) =>
        data.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private static byte[] Frame(string? type, string data)
    {
        var output = new ArrayBufferWriter<byte>();
        SseFrame.WriteEvent(output, Id.ToString(), type, Encoding.UTF8.GetBytes(data));
        return output.WrittenSpan.ToArray();
    }
}
