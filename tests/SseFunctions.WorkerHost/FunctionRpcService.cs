using System.Collections.Concurrent;
using Grpc.Core;
using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>Where workers call in; each is known by the id that its command line gave it.</summary>
internal sealed class FunctionRpcService : FunctionRpc.FunctionRpcBase
{
    private readonly ConcurrentDictionary<string, WorkerChannel> expected = [];

    /// <summary>Lets a worker call in.</summary>
    public void Expect(WorkerChannel worker) => expected[worker.Id] = worker;

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        if (await requestStream.MoveNext() && requestStream.Current.StartStream is { } start && expected.TryRemove(start.WorkerId, out var worker))
            await worker.ServeAsync(requestStream, responseStream, context.CancellationToken);
    }
}
