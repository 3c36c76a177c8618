using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Support;

/// <summary>A process whose lines a test waits for, and which ends, with all that it has started, when the test does.</summary>
internal sealed class WatchedProcess : IAsyncDisposable
{
    private const int LinesTold = 200;

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = [];
    private readonly Channel<string> unread = Channel.CreateUnbounded<string>();
    private int openOutputs = 2;

    private WatchedProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => OnLine(line.Data);
        process.ErrorDataReceived += (_, line) => OnLine(line.Data);
    }

    /// <summary>The end of what it has written to standard output and standard error.</summary>
    public string Output => string.Join('\n', output.TakeLast(LinesTold));

    public static WatchedProcess Start(
        string executable, IEnumerable<string> arguments, string workingFolder, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardInput = true, // its end tells a process that this one has gone
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var watched = new WatchedProcess(new Process { StartInfo = start });
        watched.process.Start();
        watched.process.BeginOutputReadLine();
        watched.process.BeginErrorReadLine();
        return watched;
    }

    /// <summary>Waits for the next line; throws when none comes any more.</summary>
    public async Task<string> ReadLineAsync()
    {
        try
        {
            return await unread.Reader.ReadAsync().AsTask().WaitAsync(SseStream.Timeout);
        }
        catch (Exception ex) when (ex is ChannelClosedException or TimeoutException)
        {
            throw new InvalidOperationException($"{process.StartInfo.FileName} has ended or says nothing more.\n{Output}");
        }
    }

    /// <summary>Waits until it has gone and all that it wrote has come.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan timeout)
    {
        await process.WaitForExitAsync().WaitAsync(timeout);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        }

        process.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is not null)
        {
            output.Enqueue(line);
            unread.Writer.TryWrite(line);
        }
        else if (Interlocked.Decrement(ref openOutputs) == 0)
        {
            unread.Writer.Complete();
        }
    }
}
