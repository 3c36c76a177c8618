namespace SseFunctions.Access;

/// <summary>Whether a request may read a topic.</summary>
/// <param name="Outcome">Whether, and if not, what kind of reason there is.</param>
/// <param name="Left">How long it may; null without end. Set when granted.</param>
/// <param name="Fault">Why not. Set when not granted.</param>
internal sealed record TopicAccess(AccessOutcome Outcome, TimeSpan? Left = null, AccessFaultException? Fault = null);
