using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>The load generator, in a process of its own.</summary>
internal sealed class LoadClients : IDisposable
{
    public const string Verb = "clients";

    private static readonly TimeSpan WaitTimeout = TimeSpan.FromMinutes(2);

    private readonly Process process = OwnProcess.Start(Verb);

    /// <summary>Opens connections and waits until each response has begun.</summary>
    public async Task OpenAsync(int port, int count, string path, string? lastEventId = null)
    {
        var before = (await PeekAsync()).Open;
        await TellAsync(string.Create(CultureInfo.InvariantCulture, $"open {port} {count} {path} {lastEventId}").TrimEnd());
        await UntilAsync(report => report.Open >= before + count, $"{count} streams are open");
    }

    /// <summary>Waits until the clients have seen something.</summary>
    /// <param name="timeout">Null for two minutes.</param>
    public async Task<ClientReport> UntilAsync(Func<ClientReport, bool> isReached, string what, TimeSpan? timeout = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var report = await PeekAsync();
            if (isReached(report))
                return await ReportAsync();

            if (Stopwatch.GetElapsedTime(start) > (timeout ?? WaitTimeout))
                throw new TimeoutException($"Not reached: {what}. The clients have seen {JsonSerializer.Serialize(report)}");

            await Task.Delay(20);
        }
    }

    /// <summary>What they have seen, without the quantiles: it costs them nothing.</summary>
    public async Task<ClientReport> PeekAsync() => JsonSerializer.Deserialize<ClientReport>(await AskAsync("peek"))!;

    public async Task<ClientReport> ReportAsync() => JsonSerializer.Deserialize<ClientReport>(await AskAsync("report"))!;

    /// <summary>Forgets what was counted so far.</summary>
    public Task ResetAsync() => TellAsync("reset");

    public Task CloseAsync() => TellAsync("close");

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(5000))
            process.Kill();

        process.Dispose();
    }

    private async Task TellAsync(string command)
    {
        var answer = await AskAsync(command);
        if (answer != "ok")
            throw new InvalidOperationException($"The load generator answered {answer}");
    }

    private async Task<string> AskAsync(string command)
    {
        await process.StandardInput.WriteLineAsync(command);
        return await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The load generator has ended.");
    }
}
