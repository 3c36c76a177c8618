namespace SseFunctions.Streaming;

/// <summary>Too many reads of a kind wait already for their turn; this one was refused.</summary>
internal sealed class ReadsBusyException() : Exception("Too many reads of this kind wait here already.");
