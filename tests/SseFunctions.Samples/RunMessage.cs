namespace Runs;

/// <param name="Role">"system", "user" or "assistant".</param>
/// <param name="Text">What was said.</param>
public sealed record RunMessage(string Role, string Text);
