namespace SseFunctions.Access;

/// <summary>What kind of reason there is to refuse a reader.</summary>
internal enum AccessDenial
{
    /// <summary>The topic is not open to everybody, and the request carries no token.</summary>
    NoToken,

    /// <summary>The token is malformed, expired, or not issued by this server.</summary>
    InvalidToken,

    /// <summary>The token is valid, for other topics.</summary>
    NotCovered,
}
