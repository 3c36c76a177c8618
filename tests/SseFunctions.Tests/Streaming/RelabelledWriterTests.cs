using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public sealed class RelabelledWriterTests
{
    private static readonly string Other = new('o', 15);

    /// <summary>Whatever their size, some come to the end of the writer's buffer.</summary>
    [Fact]
    public async Task Frames_of_any_size_are_written_whole_under_ids_that_name_all_topics()
    {
        var (before, after) = ("", string.Concat(Enumerable.Repeat($".{Other}", 7)));
        for (var size = 0; size < 120; size++)
        {
            var (frames, expected) = (new ArrayBufferWriter<byte>(), new StringBuilder());
            for (var i = 0; expected.Length < 3 * ClientWriter.MaxWriteBytes; i++)
            {
                SseFrame.WriteEvent(frames, $"{i}", null, Encoding.UTF8.GetBytes(new string('x', size)));
                expected.Append($"id: {before}{i}{after}\ndata: {new string('x', size)}\n\n");
            }

            Assert.Equal(expected.ToString(), await WriteAsync(frames.WrittenMemory, before, after));
        }
    }

    [Fact]
    public async Task Frame_that_is_larger_than_a_write_is_written_after_its_id()
    {
        var frames = new ArrayBufferWriter<byte>();
        var large = new string('x', 2 * ClientWriter.MaxWriteBytes);
        foreach (var data in (string[])["a", large, "b"])
            SseFrame.WriteEvent(frames, "1", "t", Encoding.UTF8.GetBytes(data));

        var written = await WriteAsync(frames.WrittenMemory, $"{Other}.", "");

        Assert.Equal(string.Concat(new[] { "a", large, "b" }.Select(data => $"id: {Other}.1\nevent: t\ndata: {data}\n\n")), written);
    }

    private static async Task<string> WriteAsync(ReadOnlyMemory<byte> frames, string before, string after)
    {
        var (pipe, clock) = (new Pipe(new PipeOptions(pauseWriterThreshold: 0)), new StreamClock(TimeProvider.System));
        using var client = new ClientWriter(pipe.Writer, new WriteDeadline(SseStream.Timeout, SseStream.Timeout, clock, null, () => { }, default), clock, default);
        using (var writer = new RelabelledWriter(client))
        {
            await writer.WriteAsync(frames, Encoding.UTF8.GetBytes(before), Encoding.UTF8.GetBytes(after));
            await writer.FlushAsync();
        }

        await pipe.Writer.CompleteAsync();
        var all = await pipe.Reader.ReadAsync();
        return Encoding.UTF8.GetString(all.Buffer);
    }
}
