using SseFunctions.Publishing;

namespace SseFunctions.Api;

/// <summary>Routes below host.json's routePrefix, and timer settings: used by the triggers' attributes and by the local host.</summary>
internal static class Routes
{
    public const string Events = "events/{topic}";
    public const string EventsOfTopics = "events";
    public const string Topics = "topics";
    public const string Topic = "topics/{topic}";
    public const string EventsOfTopic = "topics/{topic}/events";
    public const string Complete = "topics/{topic}/complete";
    public const string Tokens = "tokens";
    public const string Health = "health";
    public const string Demo = "demo";
    public const string DemoRuns = "demo/runs";
    public const string Client = "client.js";
    public const string OpenApi = "openapi.json";

    /// <summary>The app setting with the clock's NCRONTAB schedule.</summary>
    public const string ClockSchedule = ClockSource.Setting;

    /// <summary>The app setting with retention's NCRONTAB schedule.</summary>
    public const string RetentionSchedule = "RetentionSchedule";
}
