using System.Net.Sockets;
using System.Text;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>What long polls hold for clients that do not take their answers: little each, and more only so much at a time.</summary>
public class LongPollAnswerTests
{
    private const int Slice = FrameSlice.MaxBytes;

    [Fact]
    public async Task HasRoom_for_a_slice_and_for_four_where_there_is_room()
    {
        var room = new FairGate(4 * Slice);
        using var second = new LongPollAnswer(room);
        using (var first = new LongPollAnswer(room))
        {
            Assert.True(first.TryMakeRoom());
            Assert.True(second.TryMakeRoom());
            foreach (var (expectedOfFirst, expectedOfSecond) in ((bool, bool)[])[(true, false), (true, false), (true, false), (false, false)])
            {
                await first.WriteAsync(new byte[Slice]);
                Assert.Equal(expectedOfFirst, first.TryMakeRoom());
                if (second.Length == 0)
                    await second.WriteAsync(new byte[Slice]);

                Assert.Equal(expectedOfSecond, second.TryMakeRoom());
            }
        }

        Assert.True(second.TryMakeRoom());
    }

    /// <summary>As many clients as have room for long answers do not take them: those after them get theirs in several.</summary>
    [Theory]
    [InlineData("events/a?mode=long-poll")]
    [InlineData("events?topic=a&topic=b&mode=long-poll")]
    public async Task Answers_are_shorter_while_others_are_not_taken_and_nothing_is_missing(string path)
    {
        const int Events = 8;
        await using var host = await TestHost.StartAsync();
        for (var i = 0; i < Events; i++)
            await host.PublishAsync("a", $"{i}{new string('x', 60_000)}");

        var holders = await Task.WhenAll(Enumerable.Range(0, LongPollAnswer.MaxSharedBytes / (4 * Slice)).Select(_ => HoldAsync(host, $"{path}&from=start")));
        var (got, id) = (new List<string>(), "");
        while (got.Count < Events)
        {
            using var answer = await host.Client.GetAsync(id.Length == 0 ? $"{path}&from=start" : $"{path}&lastEventId={id}").WaitAsync(SseStream.Timeout);
            var body = await answer.Content.ReadAsByteArrayAsync();
            Assert.InRange(body.Length, 60_000, 2 * Slice);
            Assert.Equal(body.Length, answer.Content.Headers.ContentLength);
            var cursor = EventSourceCursor.After(body);
            got.AddRange(cursor.Events.Select(message => message.Data[..1]));
            id = cursor.LastEventId!;
        }

        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"{i}"), got);
        Array.ForEach(holders, holder => holder.Dispose());
    }

    /// <summary>Under ids of its own they are copied, in one small buffer after the other.</summary>
    [Fact]
    public async Task Answer_of_several_topics_has_many_small_events_as_they_are()
    {
        await using var host = await TestHost.StartAsync();
        var texts = Enumerable.Range(0, 100).Select(i => $"{i}{new string((char)('a' + (i % 26)), 500)}").ToArray();
        var ids = await host.PublishAsync("a", texts);

        using var answer = await host.Client.GetAsync("events?topic=a&topic=b&mode=long-poll&from=start").WaitAsync(SseStream.Timeout);

        Assert.Equal(ids.Zip(texts, (id, text) => ($"{id}.0000-0", text)), EventSourceCursor.After(await answer.Content.ReadAsByteArrayAsync()).Events.Select(message => (message.Id!, message.Data)));
    }

    /// <summary>Asks, and takes no more than the beginning of the answer.</summary>
    private static async Task<Socket> HoldAsync(TestHost host, string path)
    {
        var uri = new Uri(host.BaseAddress, path);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(uri.Host, uri.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\n\r\n"));
        Assert.Equal(1, await socket.ReceiveAsync(new byte[1], SocketFlags.Peek).WaitAsync(SseStream.Timeout));
        return socket;
    }
}
