namespace SseFunctions.Local;

/// <summary>The local host cannot start; the message is for the person at the terminal.</summary>
internal sealed class LocalHostException(string message) : Exception(message);
