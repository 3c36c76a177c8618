using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using SseFunctions.Kestrel;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Kestrel;

/// <summary>Over real sockets with small buffers: every byte once, in order, and no buffer released while the socket has it.</summary>
public sealed class SocketOutputTests : IDisposable
{
    private readonly Socket server;
    private readonly Socket client;
    private readonly Pipe inner = new();
    private readonly SocketOutput output;

    public SocketOutputTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        client.Connect(listener.LocalEndPoint!);
        server = listener.Accept();
        (server.SendBufferSize, server.Blocking) = (4096, false);
        output = new SocketOutput(server, inner.Writer);
    }

    [Fact]
    public async Task Flush_sends_at_once_what_the_socket_takes()
    {
        var flush = Flush("abc"u8.ToArray());

        Assert.True(flush.IsCompletedSuccessfully);
        Assert.False((await flush).IsCompleted);
        Assert.Equal("abc"u8.ToArray(), await ReadAsync(3));
        Assert.Equal(0, output.UnflushedBytes);
    }

    [Fact]
    public async Task Bytes_arrive_once_and_in_order_however_they_are_written_and_read()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var bytes = RandomNumberGenerator.GetBytes(2_000_000);
        var reading = ReadAsync(bytes.Length);

        for (var sent = 0; sent < bytes.Length;)
        {
            // Some straight from where they are, after a flush or after bytes that wait for one.
            var direct = bytes.AsMemory(sent, Math.Min(random.Next(20_000), bytes.Length - sent));
            await output.WriteAsync(direct);
            sent += direct.Length;

            // Several spans to a flush, some larger than what was asked for at first.
            for (var parts = random.Next(4); parts >= 0; parts--)
            {
                var part = bytes.AsMemory(sent, Math.Min(random.Next(20_000), bytes.Length - sent));
                part.CopyTo(output.GetMemory(part.Length));
                output.Advance(part.Length);
                sent += part.Length;
            }

            if (random.Next(2) == 0)
                await output.FlushAsync();
        }

        await output.FlushAsync();
        var read = await reading;
        Assert.True(bytes.AsSpan().SequenceEqual(read), $"seed {seed}");
    }

    [Fact]
    public async Task Flush_waits_until_a_slow_reader_has_taken_all()
    {
        var bytes = RandomNumberGenerator.GetBytes(10_000_000);

        var flush = Flush(bytes);
        Assert.False(flush.IsCompleted);
        var read = await ReadAsync(bytes.Length);

        Assert.False((await flush).IsCompleted);
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    /// <summary>What a slow client has not taken stays where it is: a thousand such clients hold no copies.</summary>
    [Fact]
    public async Task Write_is_sent_without_a_copy_and_waits_until_a_slow_reader_has_taken_all()
    {
        var bytes = RandomNumberGenerator.GetBytes(10_000_000);

        var write = output.WriteAsync(bytes);
        Assert.False(write.IsCompleted);
        Assert.Equal(0, output.UnflushedBytes);
        var read = await ReadAsync(bytes.Length);

        Assert.False((await write).IsCompleted);
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    /// <summary>How much of a write was sent when it was cancelled nobody can say, so nothing may follow.</summary>
    [Fact]
    public async Task Cancelled_flush_is_the_end_of_the_connection()
    {
        var flush = Flush(RandomNumberGenerator.GetBytes(10_000_000));
        await ReadAsync(1_000_000);

        output.CancelPendingFlush();
        var cancelled = await flush;

        Assert.True(cancelled.IsCanceled);
        Assert.True((await Flush("more"u8.ToArray())).IsCompleted);
        await AssertClientSeesEndAsync();
    }

    [Fact]
    public async Task Flush_throws_when_its_token_is_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        output.Write(RandomNumberGenerator.GetBytes(10_000_000));
        var flush = output.FlushAsync(cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await flush);
        Assert.True((await output.FlushAsync()).IsCompleted);
        await AssertClientSeesEndAsync();
    }

    [Fact]
    public async Task Completed_output_sends_nothing_more_although_the_socket_would_take_it()
    {
        await output.CompleteAsync();

        Assert.True((await Flush("a"u8.ToArray())).IsCompleted);
        Assert.True((await Flush("b"u8.ToArray())).IsCompleted);

        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(SseStream.Timeout));
    }

    [Fact]
    public async Task Flush_says_completed_when_the_reader_has_gone()
    {
        var flush = Flush(RandomNumberGenerator.GetBytes(10_000_000));
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();

        Assert.True((await flush).IsCompleted);
        Assert.True((await Flush("more"u8.ToArray())).IsCompleted);
    }

    [Fact]
    public async Task Completion_ends_the_connections_own_output_and_a_flush_under_way()
    {
        var flush = Flush(RandomNumberGenerator.GetBytes(10_000_000));

        await output.CompleteAsync();
        server.Dispose();

        Assert.True((await flush).IsCompleted);
        Assert.True((await inner.Reader.ReadAsync()).IsCompleted);
        Assert.True((await output.FlushAsync()).IsCompleted);
    }

    [Fact]
    public async Task Socket_that_was_disposed_is_a_completed_output_and_no_exception()
    {
        server.Dispose();

        Assert.True((await Flush("a"u8.ToArray())).IsCompleted);
    }

    /// <summary>Whoever rents a buffer may write into it.</summary>
    [Fact]
    public async Task Buffer_is_not_released_while_the_socket_has_it()
    {
        var bytes = RandomNumberGenerator.GetBytes(1_000_000);
        var flush = Flush(bytes);

        await output.CompleteAsync();
        for (var i = 0; i < 100; i++)
            Array.Clear(ArrayPool<byte>.Shared.Rent(bytes.Length));

        var read = await ReadAsync(bytes.Length);
        await flush;
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public void Advance_refuses_what_was_not_asked_for()
    {
        var room = output.GetMemory(10).Length;

        Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(room + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(-1));
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    /// <summary>A client that has part of a chunk would otherwise wait for the rest.</summary>
    private async Task AssertClientSeesEndAsync()
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReceiveAsync(buffer).WaitAsync(SseStream.Timeout) > 0)
        {
            // What was sent before.
        }
    }

    private ValueTask<FlushResult> Flush(byte[] bytes)
    {
        output.Write(bytes);
        return output.FlushAsync();
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = await client.ReceiveAsync(bytes.AsMemory(read), SocketFlags.None).AsTask().WaitAsync(SseStream.Timeout);
            Assert.NotEqual(0, more);
            read += more;
        }

        return bytes;
    }
}
