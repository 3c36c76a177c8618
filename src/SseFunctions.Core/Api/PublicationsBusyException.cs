namespace SseFunctions.Api;

/// <summary>The publications under way in this process have all the bytes that they may have; this one was refused, and nothing of it is written.</summary>
internal sealed class PublicationsBusyException() : Exception("Too many bytes of publications are under way here already.");
