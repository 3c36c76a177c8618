using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using SseFunctions.Api;

namespace SseFunctions.Triggers;

/// <summary>
/// Makes of the functions that the Worker SDK has found in this library those that the app has: without what is off, below the app's
/// prefix for them, and with the schedules that the app has set.
/// </summary>
internal sealed class SseFunctionTransformer(SseFunctionsBuilder sse, Settings settings, IConfiguration configuration) : IFunctionMetadataTransformer
{
    /// <summary>Where the code of this library's functions is.</summary>
    private const string EntryPoint = "SseFunctions.Triggers.";

    public string Name => nameof(SseFunctionTransformer);

    /// <exception cref="InvalidOperationException">Two functions have the same route.</exception>
    public void Transform(IList<IFunctionMetadata> original)
    {
        for (var i = original.Count - 1; i >= 0; i--)
        {
            if (!IsOfThisLibrary(original[i]))
                continue;

            if (IsOff(original[i].Name))
                original.RemoveAt(i);
            else
                original[i] = Rewrite(original[i]);
        }

        FunctionRoute.RequireDistinct(original, IsOfThisLibrary);
    }

    private static bool IsOfThisLibrary(IFunctionMetadata function) => function.EntryPoint?.StartsWith(EntryPoint, StringComparison.Ordinal) == true;

    private bool IsOff(string? function) => function switch
    {
        FunctionNames.Clock => !sse.HasClock,
        FunctionNames.Retention => settings.RetentionSchedule is null,
        FunctionNames.Demo or FunctionNames.DemoRuns => !sse.HasDemoPage,
        _ => false,
    };

    /// <summary>A copy: what is given is shared by all who ask for the functions.</summary>
    private DefaultFunctionMetadata Rewrite(IFunctionMetadata function) => new()
    {
        Name = function.Name,
        EntryPoint = function.EntryPoint,
        ScriptFile = function.ScriptFile,
        Language = function.Language,
        IsProxy = function.IsProxy,
        ManagedDependencyEnabled = function.ManagedDependencyEnabled,
        Retry = function.Retry,
        RawBindings = function.RawBindings?.Select(binding => Rewrite(function.Name, binding)).ToList(),
    };

    private string Rewrite(string? function, string rawBinding)
    {
        var binding = JsonNode.Parse(rawBinding)!.AsObject();
        if (binding["route"] is { } route && !string.IsNullOrEmpty(sse.RoutePrefix))
            binding["route"] = $"{sse.RoutePrefix}/{route}";

        if (binding.ContainsKey("schedule") && ScheduleOf(function) is { } schedule)
            binding["schedule"] = schedule;

        return binding.ToJsonString();
    }

    private string? ScheduleOf(string? function) => function switch
    {
        FunctionNames.Clock => Schedule(Routes.ClockSchedule, settings.ClockSchedule),
        FunctionNames.Retention => Schedule(Routes.RetentionSchedule, settings.RetentionSchedule!),
        _ => null,
    };

    /// <summary>The app setting where it is one, which the host resolves; else what the app's code, another section or the default says.</summary>
    private string Schedule(string setting, string schedule) => configuration[setting] == schedule ? $"%{setting}%" : schedule;
}
