using System.Text.Json;

namespace SseFunctions.WorkerHost;

/// <summary>What calls a function: its binding in functions.metadata whose type ends in Trigger.</summary>
/// <param name="Name">The parameter's.</param>
/// <param name="Type">httpTrigger or timerTrigger.</param>
/// <param name="Route">An HTTP function's, below host.json's routePrefix.</param>
/// <param name="Methods">An HTTP function's.</param>
/// <param name="AuthLevel">Anonymous, or Function for one that needs a key.</param>
/// <param name="Schedule">A timer's NCRONTAB expression, or %Setting%.</param>
internal sealed record TriggerBinding(string Name, string Type, string? Route, IReadOnlyList<string>? Methods, string? AuthLevel, string? Schedule)
{
    public bool IsHttp => Type == "httpTrigger";

    public bool IsTimer => Type == "timerTrigger";

    public bool IsAnonymous => AuthLevel == "Anonymous";

    /// <summary>Reads one of a function's bindings.</summary>
    public static TriggerBinding Read(string rawBinding) => JsonSerializer.Deserialize<TriggerBinding>(rawBinding, JsonSerializerOptions.Web)!;
}
