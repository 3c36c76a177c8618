using Microsoft.Extensions.Logging.Testing;

namespace SseFunctions.Tests;

internal static class LogRecords
{
    /// <summary>What was logged, without what Kestrel says of a machine that is busy: that its own heartbeat is late.</summary>
    public static IEnumerable<FakeLogRecord> WithoutLateHeartbeats(this FakeLoggerProvider log) =>
        log.Collector.GetSnapshot().Where(record => record.Id.Name != "HeartbeatSlow");
}
