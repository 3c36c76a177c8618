using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SseFunctions.TestSupport;

/// <summary>The local host as a process of its own, on the tests' Azurite: one that can be killed, asked to stop and started again.</summary>
public sealed class LocalHostProcess : IAsyncDisposable
{
    private const string HostAssembly = "SseFunctions.Local.dll";
    internal const string ConnectionSetting = "EventLog__ConnectionString=";
    private const string ReadyLine = "Demo page: ";

    /// <summary>
    /// Ports below the ranges from which systems take the ports of outgoing connections: while a host is down, nobody
    /// else gets its port.
    /// </summary>
    private const int FirstPort = 20_000;
    private const int PortCount = 12_000;

    private readonly Process process;
    private readonly string folder;
    private readonly string table;
    private readonly string urls;
    private readonly string[] settings;
    private readonly int? maxDescriptors;
    private readonly ConcurrentQueue<string> output = [];
    private readonly ConcurrentQueue<string> errors = [];
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isDisposed;

    private LocalHostProcess(Process process, string folder, string table, string urls, string[] settings, int? maxDescriptors)
    {
        (this.process, this.folder, this.table, this.urls, this.settings, this.maxDescriptors) = (process, folder, table, urls, settings, maxDescriptors);
        BaseAddress = new Uri(urls.Split(';')[0].Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal) + "/api/");
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        process.ErrorDataReceived += (_, line) => OnError(line.Data);
    }

    public int ProcessId => process.Id;

    /// <summary>The root of the API, with a slash at its end.</summary>
    public Uri BaseAddress { get; }

    /// <summary>A client that leaves at once when a response is disposed.</summary>
    public HttpClient Client { get; }

    /// <summary>The memory that it has now, in bytes.</summary>
    public long MemoryBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>The files and sockets that it has open now. On Linux only.</summary>
    public int Descriptors => Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/fd")).Length;

    public bool HasExited => process.HasExited;

    /// <summary>What it has written to standard output.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>What it has written to standard error.</summary>
    public string Errors => string.Join('\n', errors);

    /// <summary>The most memory that it has had at a time, in bytes.</summary>
    public long PeakMemoryBytes
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Starts a host on a free port and waits until it listens.</summary>
    /// <param name="table">The name of its table.</param>
    /// <param name="settings">Environment variables such as "Stream__Lifetime=00:00:05", EventLog__ConnectionString among them for another storage than the tests' Azurite.</param>
    public static Task<LocalHostProcess> StartAsync(string table, params string[] settings) =>
        StartFromAsync(AppContext.BaseDirectory, table, settings);

    /// <summary>Starts a host that may have so many files and sockets open, and waits until it listens. On Linux only.</summary>
    public static Task<LocalHostProcess> StartWithDescriptorsAsync(int maxDescriptors, string table, params string[] settings) =>
        StartAsync(AppContext.BaseDirectory, table, $"http://127.0.0.1:{FreePort()}", settings, maxDescriptors);

    /// <summary>Starts a host that was published into a folder, and waits until it listens.</summary>
    public static Task<LocalHostProcess> StartFromAsync(string folder, string table, params string[] settings) =>
        StartAsync(folder, table, $"http://127.0.0.1:{FreePort()}", settings);

    /// <summary>Starts a host that may refuse to start, and does not wait.</summary>
    public static Task<LocalHostProcess> LaunchAsync(string table, string urls, params string[] settings) =>
        LaunchAsync(AppContext.BaseDirectory, table, urls, settings);

    /// <summary>A port that a host can listen on.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + Random.Shared.Next(PortCount);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: draw another.
            }
        }
    }

    /// <summary>Another process on the same port, table and settings, once this one has gone.</summary>
    public Task<LocalHostProcess> StartAgainAsync() => StartAsync(folder, table, urls, settings, maxDescriptors);

    /// <summary>Kills this process and no other (SIGKILL).</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await ExitAsync();
    }

    /// <summary>Tells it to stop (SIGTERM).</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await ExitAsync();
    }

    /// <summary>Waits until it has gone and all that it wrote has come.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(SseStream.Timeout);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;

        isDisposed = true;
        Client.Dispose();
        if (!process.HasExited)
            await KillAsync();

        process.Dispose();
    }

    private static async Task<LocalHostProcess> LaunchAsync(string folder, string table, string urls, string[] settings, int? maxDescriptors = null)
    {
        ArgumentNullException.ThrowIfNull(urls);
        ArgumentNullException.ThrowIfNull(settings);
        string[] command = [.. maxDescriptors is { } max ? (string[])["prlimit", $"--nofile={max}:{max}"] : [], "dotnet", Path.Combine(folder, HostAssembly), "--urls", urls];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0"; // it seldom lives long enough for what it would learn of itself
        // A developer's own local.settings.json may name a storage account: a URI would win over the connection string.
        string[] own = ["EventLog__tableServiceUri=", "EventLog__accountName=", $"EventLog__TableName={table}"];
        if (!Array.Exists(settings, setting => setting.StartsWith(ConnectionSetting, StringComparison.Ordinal)))
            own = [.. own, ConnectionSetting + await TestStorage.ConnectionStringAsync()];

        foreach (var setting in own.Concat(settings).Select(setting => setting.Split('=', 2)))
            start.Environment[setting[0]] = setting[1];

        var host = new LocalHostProcess(new Process { StartInfo = start }, folder, table, urls, settings, maxDescriptors);
        host.process.Start();
        host.process.BeginOutputReadLine();
        host.process.BeginErrorReadLine();
        return host;
    }

    private static async Task<LocalHostProcess> StartAsync(string folder, string table, string urls, string[] settings, int? maxDescriptors = null)
    {
        var host = await LaunchAsync(folder, table, urls, settings, maxDescriptors);
        try
        {
            await host.ready.Task.WaitAsync(SseStream.Timeout);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private void OnOutput(string? line)
    {
        if (line is null)
        {
            ready.TrySetException(new InvalidOperationException($"The local host ended before it listened.\n{Output}\n{Errors}")); // the end of the output
            return;
        }

        output.Enqueue(line);
        if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
            ready.TrySetResult();
    }

    private void OnError(string? line)
    {
        if (line is not null)
            errors.Enqueue(line);
    }
}
