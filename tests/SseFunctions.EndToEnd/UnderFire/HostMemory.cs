using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.UnderFire;

/// <summary>
/// What memory a host has that nobody reads from: what it still has when its garbage is collected, it keeps for no reader. Left
/// to itself the collector has tens of MiB more or less, so it is made to collect, through the runtime's diagnostics port.
/// </summary>
/// <param name="HeapBytes">The managed heap after a full collection.</param>
/// <param name="WorkingSetBytes">The process's memory in all, code and what the collector holds ready included.</param>
internal readonly record struct HostMemory(long HeapBytes, long WorkingSetBytes)
{
    /// <summary>
    /// One heap, compacted, small generations, nothing in the background: learn.microsoft.com/dotnet/core/runtime-config/garbage-collector.
    /// Memory is taken for scarce from 1 % of the machine's on, so a collection empties the array pools as well. Code is compiled
    /// once, and not again when it has run often. The C library has one pool, not one for each thread.
    /// </summary>
    public static readonly string[] Settings =
    [
        "DOTNET_gcServer=0",
        "DOTNET_gcConcurrent=0",
        "DOTNET_GCgen0size=0x200000",
        "DOTNET_GCConserveMemory=9",
        "DOTNET_GCHighMemPercent=1",
        "DOTNET_TieredCompilation=0",
        "MALLOC_ARENA_MAX=1",
    ];

    /// <summary>A feed without readers stays for 5 to 10 s; then it releases its frames.</summary>
    private const int Readings = 12;

    /// <summary>On a busy machine what is to be released comes late. What is not by then is kept.</summary>
    private const int MaxReadings = 90;
    private static readonly TimeSpan ReadingInterval = TimeSpan.FromSeconds(1);

    /// <summary>"Triggers a GC": learn.microsoft.com/dotnet/framework/performance/clr-etw-keywords-and-levels.</summary>
    private const ClrTraceEventParser.Keywords Collect = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;

    /// <summary>The minimum of some readings.</summary>
    /// <param name="enough">Down to what it goes on reading, as long as it may; null for some readings only.</param>
    public static async Task<HostMemory> SettledAsync(LocalHostProcess host, HostMemory? enough = null)
    {
        var min = new HostMemory(long.MaxValue, long.MaxValue);
        using var timer = new PeriodicTimer(ReadingInterval, TimeProvider.System);
        for (var i = 0; i < Readings || (i < MaxReadings && (min.HeapBytes > enough?.HeapBytes || min.WorkingSetBytes > enough?.WorkingSetBytes)); i++)
        {
            await timer.WaitForNextTickAsync();
            var heap = await CollectAsync(host.ProcessId);
            min = new(Math.Min(min.HeapBytes, heap), Math.Min(min.WorkingSetBytes, host.MemoryBytes));
        }

        return min;
    }

    public override string ToString() => $"{HeapBytes >> 10} KiB of heap and {WorkingSetBytes >> 10} KiB in all";

    /// <returns>The size of the heap after the collection.</returns>
    private static async Task<long> CollectAsync(int processId)
    {
        var provider = new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, (long)Collect);
        using var session = await new DiagnosticsClient(processId).StartEventPipeSessionAsync([provider], requestRundown: false, circularBufferMB: 1, CancellationToken.None);
        var size = Task.Run(() => LastHeapSize(session.EventStream));
        await session.StopAsync(CancellationToken.None);
        return await size.WaitAsync(SseStream.Timeout);
    }

    private static long LastHeapSize(Stream events)
    {
        using var source = new EventPipeEventSource(events);
        var size = 0L;
        source.Clr.GCHeapStats += stats => size = stats.TotalHeapSize;
        source.Process();
        return size > 0 ? size : throw new InvalidOperationException("The runtime did not report its collection.");
    }
}
