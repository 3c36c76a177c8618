using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using SseFunctions.WorkerHost.Rpc;

namespace SseFunctions.WorkerHost;

/// <summary>A worker and the messages to and from it.</summary>
internal sealed class WorkerChannel : IDisposable
{
    /// <summary>What the host leaves a worker between the message and the kill.</summary>
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(5);

    /// <summary>How often, and how many times, to look whether it listens.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);
    private const int MaxLooks = 3_000;

    /// <summary>How many workers to start until one finds its port free.</summary>
    private const int MaxStarts = 3;

    private readonly WorkerLog log;
    private readonly WorkerProcess process;
    private readonly Channel<StreamingMessage> outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> asked = [];
    private readonly TaskCompletionSource connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WorkerChannel(FunctionApp app, Uri host, FunctionRpcService service, IReadOnlyDictionary<string, string> settings, WorkerLog log)
    {
        this.log = log;
        service.Expect(this);
        process = WorkerProcess.Start(app, Id, host, settings, log);
        Exit = process.ExitAsync();
    }

    public string Id { get; } = Guid.NewGuid().ToString();

    public int ProcessId => process.Id;

    /// <summary>Ends with the process, and has its exit code.</summary>
    public Task<int> Exit { get; }

    /// <summary>What it can run.</summary>
    public IReadOnlyList<FunctionDefinition> Functions { get; private set; } = [];

    /// <summary>Where it takes HTTP requests.</summary>
    public string HttpUri { get; private set; } = "";

    /// <summary>Starts a worker and waits until it has loaded its functions and listens; starts another where its port was taken.</summary>
    public static async Task<WorkerChannel> StartAsync(
        FunctionApp app, Uri host, FunctionRpcService service, IReadOnlyDictionary<string, string> settings, WorkerLog log)
    {
        for (var starts = 1; ; starts++)
        {
            var portTaken = log.NextAsync(line => line.Contains("address already in use", StringComparison.Ordinal));
            var worker = new WorkerChannel(app, host, service, settings, log);
            try
            {
                await worker.InitialiseAsync(app);
                return worker;
            }
            catch
            {
                worker.Kill(); // nobody else knows of it
                await worker.Exit;
                worker.Dispose();
                if (starts == MaxStarts || !portTaken.IsCompleted)
                    throw;
            }
        }
    }

    /// <summary>Passes messages on in both directions, until the worker ends its call.</summary>
    public async Task ServeAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> responses, CancellationToken hungUp)
    {
        connected.SetResult();
        var sending = SendAsync(responses, hungUp);
        try
        {
            while (await incoming.MoveNext(hungUp))
                OnMessage(incoming.Current);
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException)
        {
            // The worker has gone: its exit says the rest.
        }

        outgoing.Writer.TryComplete();
        await sending;
    }

    /// <summary>Asks the worker to run a function.</summary>
    /// <returns>What it says when the function has ended.</returns>
    public async Task<StatusResult> InvokeAsync(InvocationRequest request) =>
        (await AskAsync(new StreamingMessage { InvocationRequest = request })).InvocationResponse.Result;

    /// <summary>Fires an invocation's token in the worker.</summary>
    public void Cancel(string invocationId) =>
        outgoing.Writer.TryWrite(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocationId } });

    /// <summary>Waits until the worker has taken all messages up to now: it reads them one after the other, and answers this one at once.</summary>
    public Task ReadMessagesAsync() => AskAsync(new StreamingMessage { WorkerStatusRequest = new WorkerStatusRequest() });

    /// <summary>Tells the worker to stop, and kills it where it has not in time.</summary>
    /// <param name="timeout">How long it may take. Null for the Functions host's own grace period, which a busy machine may need for itself.</param>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync(TimeSpan? timeout = null)
    {
        outgoing.Writer.TryWrite(new StreamingMessage { WorkerTerminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(GracePeriod) } });
        if (await Task.WhenAny(Exit, Task.Delay(timeout ?? GracePeriod)) != Exit)
            Kill();

        return await Exit;
    }

    /// <summary>Kills the worker (SIGKILL).</summary>
    public void Kill() => process.Kill();

    public void Dispose() => process.Dispose();

    private async Task InitialiseAsync(FunctionApp app)
    {
        await UnlessGoneAsync(connected.Task);
        var initialised = (await AskAsync(new StreamingMessage
        {
            WorkerInitRequest = new WorkerInitRequest
            {
                HostVersion = "4.1037.0.0",
                Capabilities = { ["MultiStream"] = "10" },
                WorkerDirectory = app.Folder,
                FunctionAppDirectory = app.Folder,
            },
        })).WorkerInitResponse;
        AssertSuccess(initialised.Result);
        HttpUri = initialised.Capabilities["HttpUri"].TrimEnd('/');

        var described = (await AskAsync(new StreamingMessage
        {
            FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = app.Folder },
        })).FunctionMetadataResponse;
        AssertSuccess(described.Result);
        Functions = [.. described.FunctionMetadataResults.Select(metadata => new FunctionDefinition(metadata))];
        foreach (var loaded in await Task.WhenAll(Functions.Select(function => AskAsync(new StreamingMessage { FunctionLoadRequest = function.LoadRequest() }))))
            AssertSuccess(loaded.FunctionLoadResponse.Result);

        // It can answer all that before it listens, and what listens there meanwhile can be another test's host.
        for (var looks = 0; !WorkerProcess.ListensOn(new Uri(HttpUri).Port, ProcessId); looks++)
        {
            if (looks == MaxLooks)
                throw new InvalidOperationException($"The worker does not listen at {HttpUri}.\n{log}");

            await UnlessGoneAsync(Task.Delay(LookInterval));
        }
    }

    private void AssertSuccess(StatusResult result)
    {
        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"The worker did not start: {result.Exception?.Message}\n{log}");
    }

    private async Task<StreamingMessage> AskAsync(StreamingMessage request)
    {
        request.RequestId = Guid.NewGuid().ToString();
        var answer = asked[request.RequestId] = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        outgoing.Writer.TryWrite(request);
        await UnlessGoneAsync(answer.Task);
        return await answer.Task;
    }

    private void OnMessage(StreamingMessage message)
    {
        if (message.RpcLog is { } entry)
            log.Add(entry);
        else if (asked.TryRemove(message.RequestId, out var answer))
            answer.SetResult(message);

        // All else are empty answers, to what cancels and terminates.
    }

    private async Task SendAsync(IServerStreamWriter<StreamingMessage> responses, CancellationToken hungUp)
    {
        try
        {
            await foreach (var message in outgoing.Reader.ReadAllAsync(hungUp))
                await responses.WriteAsync(message, hungUp);
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException or InvalidOperationException)
        {
            // As above.
        }
    }

    private async Task UnlessGoneAsync(Task awaited)
    {
        if (await Task.WhenAny(awaited, Exit) != awaited)
            throw new WorkerExitedException(await Exit, log);
    }
}
