using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Access;

/// <summary>A host with a signing key, on which "clock" and "open.*" are open.</summary>
public sealed class AccessHost() : SharedHost(Settings)
{
    internal static readonly string[] Settings = ["Access:AnonymousTopics=open.*,clock", $"Access:SigningKey={SignedToken.Key}"];
}
