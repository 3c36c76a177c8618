using System.Text.Json;
using SseFunctions.Configuration;
using SseFunctions.EventLog;

namespace SseFunctions.Api;

/// <summary>Reads what PUT topics/{topic} sets. A member that is null or not there stands for the process's own setting.</summary>
internal static class RetentionRequest
{
    /// <summary>In bytes; both members together need a tenth of it.</summary>
    public const int MaxBodyBytes = 1024;

    private const string MaxAge = "maxAge";
    private const string MaxEvents = "maxEvents";

    public static readonly string[] Members = [MaxAge, MaxEvents];

    /// <exception cref="InvalidInputException">A member has a value that is not allowed.</exception>
    public static TopicRetention Read(JsonElement body)
    {
        var retention = new TopicRetention(ReadMaxAge(body), ReadMaxEvents(body));
        retention.Validate();
        return retention;
    }

    private static TimeSpan? ReadMaxAge(JsonElement body)
    {
        if (!TryGet(body, MaxAge, out var given))
            return null;

        var text = given.ValueKind == JsonValueKind.String ? given.GetString()! : null;
        return text is not null && DurationText.Parse(text) is { } maxAge ? maxAge : throw new InvalidInputException(
            MaxAge,
            $"{MaxAge} is {(text is null ? "no text" : $"a text of {text.Length} characters that is no duration")}; "
            + $"{DurationText.From(TopicRetention.MinAge)} to {DurationText.From(TopicRetention.LimitOfAge)} are allowed, written {DurationText.Format}.");
    }

    private static long? ReadMaxEvents(JsonElement body)
    {
        if (!TryGet(body, MaxEvents, out var given))
            return null;

        return given.ValueKind == JsonValueKind.Number && given.TryGetInt64(out var maxEvents) ? maxEvents : throw new InvalidInputException(
            MaxEvents, $"{MaxEvents} is no whole number; 1 to {EventId.MaxSequence} are allowed.");
    }

    private static bool TryGet(JsonElement body, string member, out JsonElement given) =>
        body.TryGetProperty(member, out given) && given.ValueKind != JsonValueKind.Null;
}
