namespace SseFunctions.EventLog;

/// <summary>What an append may hold, so that it always fits in one entity group transaction.</summary>
internal static class AppendLimits
{
    /// <summary>Events of an append: an entity group transaction has 100 operations, two of them for the head and an idempotency key.</summary>
    public const int MaxEvents = 98;

    /// <summary>64 KiB of data in an event: the limit of a binary property of a table entity.</summary>
    public const int MaxDataBytes = 64 * 1024;

    /// <summary>Bytes of an event's type.</summary>
    public const int MaxTypeBytes = 128;

    /// <summary>
    /// 2.75 MiB of data in an append: an entity group transaction has 4 MiB as it is sent, and binary data is sent as base64,
    /// which is a third longer; the rest is for the other properties of 98 events.
    /// </summary>
    public const int MaxAppendBytes = 2_883_584;

    /// <summary>Operations of a transaction beside the head's: events and idempotency keys of the appends that share it.</summary>
    public const int MaxOperations = 99;
}
