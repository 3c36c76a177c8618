namespace SseFunctions.Triggers;

/// <summary>The names of the functions that an app may be without.</summary>
internal static class FunctionNames
{
    public const string Clock = "SseClock";
    public const string Retention = "SseRetention";
    public const string Demo = "SseDemo";
    public const string DemoRuns = "SseDemoRuns";
}
