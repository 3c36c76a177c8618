namespace SseFunctions.Tests.Local;

/// <summary>A host that knows the page's origin.</summary>
public sealed class CorsHost() : SharedHost($"Host:CORS=http://other.example, {Page}", "Host:CORSCredentials=true")
{
    internal const string Page = "http://page.example:5173";
}
