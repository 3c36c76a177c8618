namespace SseFunctions.Publishing;

/// <summary>What <see cref="IEventPublisher.PublishStreamAsync"/> has published.</summary>
/// <param name="Events">How many events.</param>
/// <param name="LastId">The id of the last one; null when the source had none.</param>
public sealed record PublishStreamResult(long Events, string? LastId);
