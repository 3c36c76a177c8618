using System.Diagnostics;

namespace SseFunctions.WorkerHost;

/// <summary>A worker's process, started as the Functions host starts it.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process process;

    private WorkerProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <param name="app">What it runs.</param>
    /// <param name="workerId">By which it names itself to the host.</param>
    /// <param name="host">Where the host takes its call.</param>
    /// <param name="settings">The app settings, which reach it as environment variables.</param>
    /// <param name="log">Gets what it writes to standard output and standard error.</param>
    public static WorkerProcess Start(FunctionApp app, string workerId, Uri host, IReadOnlyDictionary<string, string> settings, WorkerLog log)
    {
        var (executable, worker) = app.Command();
        var start = new ProcessStartInfo(executable)
        {
            WorkingDirectory = app.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])
                 [
                     worker, "--functions-uri", host.AbsoluteUri, "--functions-worker-id", workerId,
                     "--functions-request-id", Guid.NewGuid().ToString(), "--functions-grpc-max-message-length", $"{int.MaxValue}",
                 ])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["FUNCTIONS_WORKER_DIRECTORY"] = app.Folder;
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = app.Folder;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new WorkerProcess(process);

        void Add(string? line)
        {
            if (line is not null)
                log.Add(line);
        }
    }

    /// <summary>Whether the socket that listens on a port of 127.0.0.1 is a process's own. Always true where there is no /proc to tell.</summary>
    public static bool ListensOn(int port, int processId)
    {
        const string Sockets = "/proc/net/tcp", Listening = "0A";
        if (!File.Exists(Sockets))
            return true;

        var socket = File.ReadLines(Sockets)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(columns => columns[1] == $"0100007F:{port:X4}" && columns[3] == Listening);
        try
        {
            return socket is not null && Directory.EnumerateFiles($"/proc/{processId}/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget == $"socket:[{socket[9]}]");
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return false; // it has gone, or is about to
        }
    }

    /// <summary>Waits until it has gone and all that it wrote has come.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Kills it (SIGKILL).</summary>
    public void Kill() => process.Kill();

    public void Dispose() => process.Dispose();
}
