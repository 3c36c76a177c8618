using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public sealed class ClientWriterTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly byte[] Frames = "id: x\ndata: x\n\n"u8.ToArray();

    private readonly FakeTimeProvider time = new();
    private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
    private readonly CancellationTokenSource clientLeft = new();
    private readonly AsyncAutoResetEvent stream = new();
    private readonly ClientWriter client;
    private int aborts;

    public ClientWriterTests()
    {
        var clock = new StreamClock(time);
        client = new ClientWriter(pipe.Writer, new WriteDeadline(Timeout, TimeSpan.FromHours(1), clock, null, () => aborts++, default), clock, clientLeft.Token);
    }

    [Fact]
    public async Task Client_is_not_cut_off_later_when_it_has_taken_a_slow_write()
    {
        var write = client.WriteAsync(Frames).AsTask();
        Assert.False(write.IsCompleted);
        await TakeAsync();
        await write.WaitAsync(SseStream.Timeout);

        time.Advance(3 * Timeout);

        Assert.Equal((0, false), (aborts, client.IsCut));
    }

    [Fact]
    public async Task Client_is_not_cut_off_later_when_it_has_taken_a_slow_push()
    {
        client.Push(Slice(Frames), stream);
        await TakeAsync();
        await client.EnterAsync().AsTask().WaitAsync(SseStream.Timeout);

        time.Advance(3 * Timeout);

        Assert.Equal((0, false), (aborts, client.IsCut));
    }

    /// <summary>A push loop and a stream, each as fast as it can.</summary>
    [Fact]
    public async Task Lock_is_held_by_one_at_a_time_and_the_stream_always_gets_it()
    {
        const int Rounds = 20_000;
        var (holders, collisions, isOver) = (1, 0, false);
        var pushes = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (client.TryEnter())
                    HoldAndExit();
            }
        });

        for (var i = 0; i < Rounds; i++)
        {
            Interlocked.Decrement(ref holders);
            client.Exit();
            await client.EnterAsync().AsTask().WaitAsync(SseStream.Timeout);
            CountHolder();
        }

        Volatile.Write(ref isOver, true);
        await pushes;
        Assert.Equal(0, collisions);

        void HoldAndExit()
        {
            CountHolder();
            Interlocked.Decrement(ref holders);
            client.Exit();
        }

        void CountHolder()
        {
            if (Interlocked.Increment(ref holders) != 1)
                Interlocked.Increment(ref collisions);
        }
    }

    [Fact]
    public void Client_that_takes_no_push_is_cut_off()
    {
        client.Push(Slice(Frames), stream);

        time.Advance(2 * Timeout);

        Assert.Equal((1, true), (aborts, client.IsTooSlow));
    }

    [Fact]
    public void Nobody_enters_while_the_stream_writes() => Assert.False(client.TryEnter());

    [Fact]
    public async Task Nobody_enters_until_a_push_has_been_taken_and_then_the_stream_is_woken()
    {
        client.Push(Slice(Frames), stream);
        Assert.False(client.TryEnter());

        await TakeAsync();

        await stream.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.True(client.TryEnter());
        Assert.False(client.IsWriting);
    }

    /// <summary>What a client does not take is copied, and a thousand clients may not take it.</summary>
    [Fact]
    public async Task Push_hands_over_a_part_at_a_time_and_goes_on_by_itself()
    {
        var frames = new byte[(2 * ClientWriter.MaxWriteBytes) + 1];
        client.Push(Slice(frames), stream);
        var taken = new List<long>();

        while (taken.Sum() < frames.Length)
            taken.Add(await TakeAsync());

        await client.EnterAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.Equal([ClientWriter.MaxWriteBytes, ClientWriter.MaxWriteBytes, 1], taken);
    }

    /// <summary>The connection's own output, where there is one, gets the chunk that is made for all clients; the response's body gets all else.</summary>
    [Fact]
    public async Task Push_goes_to_the_connection_as_a_chunk_when_there_is_one()
    {
        var connection = new Pipe();
        var clock = new StreamClock(time);
        using var direct = new ClientWriter(pipe.Writer, new WriteDeadline(Timeout, Timeout, clock, null, () => { }, default), clock, default, connection.Writer);

        direct.Push(Slice(Frames).WithChunk(), stream);
        Assert.True(direct.TryEnter());
        direct.Push(Slice(new byte[ClientWriter.MaxWriteBytes + 1]), stream);

        var chunk = await connection.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.Equal("f\r\nid: x\ndata: x\n\n\r\n", Encoding.UTF8.GetString(chunk.Buffer));
        Assert.Equal(ClientWriter.MaxWriteBytes, await TakeAsync());
    }

    [Fact]
    public async Task Stream_gets_what_a_push_failed_of_and_has_the_lock_then()
    {
        client.Fail(new NotSupportedException());

        Assert.False(client.TryEnter()); // no other push may follow
        await Assert.ThrowsAsync<NotSupportedException>(() => client.EnterAsync().AsTask());

        Assert.False(client.TryEnter());
    }

    [Fact]
    public async Task Push_under_way_is_cancelled_when_the_client_leaves()
    {
        client.Push(Slice(Frames), stream);

        await clientLeft.CancelAsync();

        await stream.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.EnterAsync().AsTask());
        Assert.True(client is { IsCut: true, IsWriting: true });
    }

    [Fact]
    public async Task Stream_is_woken_when_a_push_finds_that_nobody_reads_any_more()
    {
        await pipe.Reader.CompleteAsync();

        client.Push(Slice(Frames), stream);

        await stream.WaitAsync().AsTask().WaitAsync(SseStream.Timeout);
        Assert.True(client.IsClosed);
    }

    public void Dispose()
    {
        client.Dispose();
        clientLeft.Dispose();
    }

    private static FrameSlice Slice(byte[] frames) => new(frames, 1, default);

    private async Task<long> TakeAsync()
    {
        var read = await pipe.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
        var length = read.Buffer.Length;
        pipe.Reader.AdvanceTo(read.Buffer.End);
        return length;
    }
}
