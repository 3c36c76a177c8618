using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;

namespace SseFunctions.Local;

/// <summary>Azurite's table service as a child process, which ends with this one however this one ends.</summary>
internal sealed class Azurite : IAsyncDisposable
{
    private const string NoNode = """
        Azurite, the storage emulator, needs Node.js 20 or later with npm on the PATH: https://nodejs.org
        Or set EventLog__ConnectionString in local.settings.json to a real storage account's connection string.
        """;

    private const string Host = "127.0.0.1";

    /// <summary>The first start on a cold disk takes seconds.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StartProbe = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(6);

    private readonly Process process;

    private Azurite(Process process) => this.process = process;

    /// <summary>Where package.json, its lock file and, once installed, node_modules are.</summary>
    public static string Folder { get; } = typeof(Azurite).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "AzuriteFolder").Value!;

    public static NpmInstallation Installation { get; } = new(Folder, "Azurite", NoNode);

    public int ProcessId => process.Id;

    public static async Task<bool> AnswersAsync(int tablePort, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(Host, tablePort, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Starts it and waits until it answers; installs it first where that has not been done.</summary>
    /// <param name="tablePort">The port of the table service.</param>
    /// <param name="location">The folder of its files; null to keep everything in memory.</param>
    /// <param name="accounts">AZURITE_ACCOUNTS, name:key; null for the development account.</param>
    /// <param name="report">Gets a line about what takes long.</param>
    /// <param name="cancellationToken">Stops it again.</param>
    /// <exception cref="LocalHostException">It cannot be installed or does not start.</exception>
    public static async Task<Azurite> StartAsync(int tablePort, string? location, string? accounts, Action<string> report, CancellationToken cancellationToken)
    {
        await Installation.EnsureAsync(report, cancellationToken);
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            "azurite.cjs", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--tableHost", Host, "--tablePort", tablePort.ToString(CultureInfo.InvariantCulture),
            .. location is null ? (string[])["--inMemoryPersistence"] : ["--location", location],
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);

        if (accounts is not null)
            start.Environment["AZURITE_ACCOUNTS"] = accounts;

        var output = new List<string>();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            process.Dispose();
            throw new LocalHostException(NoNode);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var azurite = new Azurite(process);
        try
        {
            await azurite.WaitUntilItAnswersAsync(tablePort, cancellationToken);
            return azurite;
        }
        catch (Exception ex)
        {
            await azurite.DisposeAsync();
            lock (output)
                throw ex is OperationCanceledException ? ex : new LocalHostException($"{ex.Message}{Environment.NewLine}{string.Join(Environment.NewLine, output)}");
        }

        void Keep(string? line)
        {
            lock (output)
            {
                if (line is not null && output.Count < 100)
                    output.Add(line);
            }
        }
    }

    /// <summary>Lets it write its files and stop; kills it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close(); // see azurite.cjs
            using var timeout = new CancellationTokenSource(StopTimeout);
            try
            {
                await process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }

        process.Dispose();
    }

    private async Task WaitUntilItAnswersAsync(int tablePort, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        try
        {
            while (!await AnswersAsync(tablePort, timeout.Token))
            {
                if (process.HasExited)
                    throw new LocalHostException($"Azurite ended with exit code {process.ExitCode}.");

                await Task.Delay(StartProbe, timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LocalHostException($"Azurite did not answer within {StartTimeout}.");
        }
    }
}
