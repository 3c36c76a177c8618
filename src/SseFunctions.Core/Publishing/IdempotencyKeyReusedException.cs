namespace SseFunctions.Publishing;

/// <summary>The idempotency key was used before, for other events of the topic; nothing was written.</summary>
public sealed class IdempotencyKeyReusedException() : Exception("The idempotency key was used before, for other events of the topic.");
