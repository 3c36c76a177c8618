using System.Diagnostics;
using System.Globalization;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>A server under measurement, in processes of its own, whose cost the operating system accounts.</summary>
internal abstract class Server(string name, int port) : IAsyncDisposable
{
    /// <summary>As the tables call it.</summary>
    public string Name { get; } = name;

    public int Port { get; } = port;

    /// <summary>The path and query of the stream.</summary>
    public abstract string StreamPath { get; }

    /// <summary>CPU time of all its processes, in user and kernel mode, in seconds.</summary>
    public double CpuSeconds => ProcessIds.Sum(id => Use(id, process => process.TotalProcessorTime.TotalSeconds));

    /// <summary>Memory of all its processes, in bytes: what is theirs alone, from /proc/PID/smaps_rollup.</summary>
    public long PrivateBytes => ProcessIds.Sum(id => File.ReadLines($"/proc/{id}/smaps_rollup")
        .Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024));

    protected abstract IEnumerable<int> ProcessIds { get; }

    /// <summary>Publishes events, in this order.</summary>
    public abstract Task PublishAsync(params IReadOnlyList<string> data);

    public abstract ValueTask DisposeAsync();

    private static T Use<T>(int id, Func<Process, T> read)
    {
        using var process = Process.GetProcessById(id);
        return read(process);
    }
}
