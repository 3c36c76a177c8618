using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SseFunctions.EventLog;
using SseFunctions.Local;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Local;

/// <summary>A real Azurite, killed, whose folder is gone for a while.</summary>
public sealed class AzuriteKeeperTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sse-azurite-").FullName;

    [Fact]
    public async Task Azurite_comes_back_when_the_first_restart_has_failed()
    {
        var (port, location, log) = (LocalHostProcess.FreePort(), Path.Combine(root, "files"), new Lines());
        using var keeper = new AzuriteKeeper(isWanted: true, port, location, log);
        await keeper.StartAsync(CancellationToken.None);
        var first = keeper.ProcessId!.Value;

        Directory.Delete(location, recursive: true);
        await File.WriteAllTextAsync(location, "no folder"); // so that it cannot start
        using (var process = Process.GetProcessById(first))
            process.Kill();

        await log.FirstAsync.WaitAsync(SseStream.Timeout);
        File.Delete(location);
        using var guard = new CancellationTokenSource(SseStream.Timeout);
        while (!await Azurite.AnswersAsync(port, guard.Token))
            await Task.Yield();

        Assert.NotEqual(first, keeper.ProcessId);
        await keeper.StopAsync(CancellationToken.None);
        Assert.False(await Azurite.AnswersAsync(port, CancellationToken.None));
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true", null, true)]
    [InlineData("UseDevelopmentStorage=true;", null, true)]
    [InlineData("UseDevelopmentStorage=true", "https://a.table.core.windows.net", false)]
    [InlineData("AccountName=a", null, false)]
    public void For_keeps_development_storage_alone(string connectionString, string? uri, bool isWanted)
    {
        using var keeper = AzuriteKeeper.For(
            new EventLogOptions { ConnectionString = connectionString, TableServiceUri = uri is null ? null : new Uri(uri) }, new Lines());

        Assert.Equal(isWanted, keeper.IsWanted);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private sealed class Lines : ILogger<AzuriteKeeper>
    {
        private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task FirstAsync => first.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).StartsWith("Azurite has gone", StringComparison.Ordinal))
                first.TrySetResult();
        }
    }
}
