using Microsoft.Extensions.Logging;

namespace SseFunctions.Tests.EventLog;

/// <summary>How many lines a part has logged as warnings.</summary>
internal sealed class CountedWarnings<T> : ILogger<T>
{
    private int count;

    public int Count => Volatile.Read(ref count);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Interlocked.Add(ref count, logLevel == LogLevel.Warning ? 1 : 0);
}
