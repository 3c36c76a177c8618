namespace SseFunctions.Access;

/// <summary>Whether the request has access cannot be told now. The message gives the reason and nothing of the token.</summary>
internal sealed class AccessUnavailableException(string message) : Exception(message);
