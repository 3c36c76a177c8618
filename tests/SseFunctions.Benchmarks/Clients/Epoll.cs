using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>Linux's epoll(7), level-triggered, for reading: a load generator must cost less than what it measures.</summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int CtlAdd = 1;
    private const int CtlDelete = 2;
    private const uint In = 1;
    private const int MaxEvents = 256;

    /// <summary>struct epoll_event is packed on x86-64 and nowhere else.</summary>
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - sizeof(long);

    private readonly byte[] events = GC.AllocateArray<byte>(MaxEvents * EventSize, pinned: true);
    private readonly int handle = Check(Create(0));

    public void Add(int socket, int token)
    {
        var request = stackalloc byte[EventSize];
        Unsafe.WriteUnaligned(request, In);
        Unsafe.WriteUnaligned(request + DataOffset, (long)token);
        Check(Control(handle, CtlAdd, socket, request));
    }

    public void Remove(int socket) => Check(Control(handle, CtlDelete, socket, null));

    /// <summary>Waits for bytes to read.</summary>
    /// <param name="tokens">Takes the tokens of the sockets that have some.</param>
    /// <param name="timeoutMs">How long to wait.</param>
    /// <returns>How many there are.</returns>
    public int Wait(Span<int> tokens, int timeoutMs)
    {
        fixed (byte* first = events)
        {
            var count = Wait(handle, first, Math.Min(tokens.Length, MaxEvents), timeoutMs);
            for (var i = 0; i < count; i++)
                tokens[i] = (int)Unsafe.ReadUnaligned<long>(first + (i * EventSize) + DataOffset);

            return Math.Max(count, 0); // interrupted: nothing yet
        }
    }

    public void Dispose() => _ = Close(handle);

    /// <summary>send(2) with MSG_NOSIGNAL, all of it.</summary>
    public static bool SendAll(int socket, ReadOnlySpan<byte> bytes)
    {
        const int NoSignal = 0x4000;
        while (!bytes.IsEmpty)
        {
            nint sent;
            fixed (byte* first = bytes)
                sent = Send(socket, first, (nuint)bytes.Length, NoSignal);

            if (sent <= 0)
                return false;

            bytes = bytes[(int)sent..];
        }

        return true;
    }

    /// <summary>recv(2): 0 at the end, negative on an error.</summary>
    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)Receive(socket, first, (nuint)buffer.Length, 0);
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int socket, byte* request);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int Wait(int epoll, byte* events, int maxEvents, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
