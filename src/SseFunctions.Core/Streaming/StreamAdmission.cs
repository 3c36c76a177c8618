namespace SseFunctions.Streaming;

/// <summary>What a stream may do when the process has others.</summary>
internal enum StreamAdmission
{
    /// <summary>Stay.</summary>
    Held,

    /// <summary>Get what there is, and come back later.</summary>
    CatchUp,

    /// <summary>Come back later.</summary>
    TurnedAway,
}
