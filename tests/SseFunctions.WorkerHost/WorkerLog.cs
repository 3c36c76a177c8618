using System.Text;
using Google.Protobuf;
using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>All that the workers of a host have written: to standard output, to standard error, and as log messages to the host.</summary>
internal sealed class WorkerLog
{
    private readonly Lock gate = new();
    private readonly List<string> entries = [];
    private readonly List<(Func<string, bool> IsMatch, TaskCompletionSource Found)> awaited = [];

    public void Add(string line)
    {
        lock (gate)
        {
            entries.Add(line);
            foreach (var (_, found) in awaited.Where(wait => wait.IsMatch(line)))
                found.TrySetResult();
        }
    }

    /// <summary>As it came over the wire, so with the fields that FunctionRpc.proto does not name.</summary>
    public void Add(RpcLog log) => Add(Encoding.UTF8.GetString(log.ToByteArray()));

    /// <summary>Waits for an entry that comes from now on.</summary>
    public Task NextAsync(Func<string, bool> isMatch)
    {
        lock (gate)
        {
            var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited.Add((isMatch, found));
            return found.Task;
        }
    }

    public override string ToString()
    {
        lock (gate)
            return string.Join('\n', entries);
    }
}
