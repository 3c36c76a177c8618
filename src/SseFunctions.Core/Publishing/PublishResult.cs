namespace SseFunctions.Publishing;

/// <summary>What became of a publication.</summary>
/// <param name="Ids">An id an event, in their order.</param>
/// <param name="IsRepeat">Whether the idempotency key was used before for the same events; then the ids are the first ones.</param>
public sealed record PublishResult(IReadOnlyList<string> Ids, bool IsRepeat);
