using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SseFunctions.Kestrel;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Kestrel;

/// <summary>
/// No byte of one connection gets into the buffer of another: while one thread writes to a client that takes nothing,
/// another completes the output and rents buffers, into which nobody else may write then.
/// </summary>
public class SocketOutputMemoryTests
{
    private const int PushBytes = 60_000;
    private const int PieceBytes = 1000;
    private const int Rented = 4;
    private const byte Mine = 0xEE;
    private const byte Pushed = 0x11;

    private static readonly int Rounds = Thoroughness.Choose(brief: 200, full: 5000);

    /// <summary>Its writer may still be at work on it. The pool gives a thread the buffer back that it was given last by the same thread.</summary>
    [Fact]
    public void Completion_gives_no_buffer_back_that_was_not_flushed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var output = new SocketOutput(socket, new Pipe().Writer);
        Assert.True(MemoryMarshal.TryGetArray<byte>(output.GetMemory(PushBytes), out var written));
        output.Advance(PieceBytes);

        output.Complete();
        var rented = ArrayPool<byte>.Shared.Rent(written.Array!.Length);
        rented.AsSpan().Fill(Mine);
        output.GetSpan(PieceBytes)[..PieceBytes].Fill(Pushed);

        Assert.NotSame(written.Array, rented);
        Assert.False(rented.AsSpan().ContainsAnyExcept(Mine));
        ArrayPool<byte>.Shared.Return(rented);
    }

    [Fact]
    public async Task Buffer_of_another_connection_is_not_written_to_when_an_output_is_completed_during_a_write()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var (foreign, thrown) = (0, 0);
        using var start = new Barrier(2);
        for (var round = 0; round < Rounds; round++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
            client.Connect(listener.LocalEndPoint!);
            using var server = listener.Accept();
            (server.SendBufferSize, server.Blocking) = (4096, false);
            var output = new SocketOutput(server, new Pipe().Writer);

            var pushing = Task.Run(() => Push(output, start));
            var completing = Task.Run(() => CompleteAndRent(output, start));
            try
            {
                var flush = await pushing.WaitAsync(SseStream.Timeout);
                foreign += await completing.WaitAsync(SseStream.Timeout);
                server.Dispose();
                await flush.AsTask().WaitAsync(SseStream.Timeout);
            }
            catch (Exception ex) when (ex is not TimeoutException)
            {
                thrown++;
            }
        }

        Assert.Equal("0 foreign writes, 0 thrown", string.Create(CultureInfo.InvariantCulture, $"{foreign} foreign writes, {thrown} thrown"));
    }

    /// <summary>As Kestrel does: asks for room, copies, advances, and flushes.</summary>
    private static ValueTask<FlushResult> Push(SocketOutput output, Barrier start)
    {
        start.SignalAndWait();
        for (var i = 0; i < PushBytes; i += PieceBytes)
        {
            output.GetSpan(PieceBytes)[..PieceBytes].Fill(Pushed);
            output.Advance(PieceBytes);
        }

        return output.FlushAsync();
    }

    /// <returns>How many of the buffers that it then rented somebody else has written to.</returns>
    private static int CompleteAndRent(SocketOutput output, Barrier start)
    {
        start.SignalAndWait();
        Thread.SpinWait(Random.Shared.Next(2000));
        output.Complete();
        var buffers = Enumerable.Range(0, Rented).Select(i => ArrayPool<byte>.Shared.Rent(PushBytes >> i)).ToList();
        buffers.ForEach(buffer => buffer.AsSpan().Fill(Mine));
        Thread.SpinWait(5000);
        var foreign = buffers.Count(buffer => buffer.AsSpan().ContainsAnyExcept(Mine));
        buffers.ForEach(buffer => ArrayPool<byte>.Shared.Return(buffer));
        return foreign;
    }
}
