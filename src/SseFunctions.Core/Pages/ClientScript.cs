using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace SseFunctions.Pages;

/// <summary>The optional client, from the assembly's resources.</summary>
internal static class ClientScript
{
    private static readonly byte[] Bytes = Load();

    /// <summary>Answers 304 to a browser that has this very script.</summary>
    public static FileContentHttpResult Result { get; } = TypedResults.Bytes(
        Bytes,
        "text/javascript; charset=utf-8",
        entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Bytes))[..16]}\""));

    private static byte[] Load()
    {
        using var resource = typeof(ClientScript).Assembly.GetManifestResourceStream("client.js")!;
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
