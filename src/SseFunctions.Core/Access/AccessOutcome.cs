namespace SseFunctions.Access;

internal enum AccessOutcome
{
    Granted,

    /// <summary>The topic is not open to everybody, and the request carries no token.</summary>
    NoToken,

    /// <summary>The token is malformed, expired, or not ours.</summary>
    InvalidToken,

    /// <summary>The token is good, for other topics.</summary>
    NotCovered,
}
