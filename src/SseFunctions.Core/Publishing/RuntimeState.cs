namespace SseFunctions.Publishing;

/// <summary>An event of topic "runtime".</summary>
/// <param name="Instance">Which process it describes.</param>
/// <param name="Time">The tick, UTC.</param>
/// <param name="Streams">How many streams it holds open.</param>
/// <param name="MemoryBytes">Its working set.</param>
/// <param name="CpuPercent">Of all processors, since its last event; 0 to 100.</param>
internal sealed record RuntimeState(string Instance, DateTime Time, int Streams, long MemoryBytes, double CpuPercent);
