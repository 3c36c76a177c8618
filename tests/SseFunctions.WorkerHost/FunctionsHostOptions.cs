namespace SseFunctions.WorkerHost;

/// <summary>How to start a <see cref="FunctionsHost"/>.</summary>
internal sealed record FunctionsHostOptions
{
    /// <summary>What to run; the function app of this repository by default.</summary>
    public FunctionApp App { get; init; } = FunctionApp.Built;

    /// <summary>The app settings.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Opens the functions that need a key.</summary>
    public string FunctionKey { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>By which timers tick and invocations overrun; the worker, a process of its own, has the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
