using SseFunctions.EventLog;

namespace SseFunctions.Streaming;

/// <summary>What a client asks for.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Start">Where to begin.</param>
/// <param name="IsPoll">End as soon as the client has all there is (the classic "retry: 1000" page).</param>
/// <param name="AccessLeft">How long the client's permission lasts; null when unbounded.</param>
internal sealed record StreamRequest(Topic Topic, StreamStart Start, bool IsPoll = false, TimeSpan? AccessLeft = null);
