using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>Who asks for a stream, as far as the limits on streams per client can tell.</summary>
internal static class StreamClient
{
    private const string ForwardedFor = "X-Forwarded-For";

    /// <summary>What one subscriber has of IPv6 is a network, in which it takes any address: RFC 6177.</summary>
    private const int NetworkBits = 64;

    /// <returns>What tells the request's token apart; null without one.</returns>
    public static string? TokenOf(HttpRequest request)
    {
        try
        {
            return RequestToken.Find(request) is { } token ? JwtText.IdentityOf(token) : null;
        }
        catch (AccessDeniedException)
        {
            return null; // several in one place, which nobody has checked, since the topic is open
        }
    }

    /// <summary>
    /// The client's address, of IPv6 its network; null when it is not known. Azure's front end appends the address that it sees,
    /// with a port; what stands before it is what the client says. In any other app it is the connection's address, which
    /// <c>UseForwardedHeaders</c> sets where a proxy that the app trusts says it.
    /// </summary>
    /// <param name="isFunctionApp">Whether Azure's front end stands before the app.</param>
    public static string? AddressOf(HttpRequest request, bool isFunctionApp)
    {
        var last = isFunctionApp ? request.Headers[ForwardedFor].ToString().Split(',')[^1].Trim() : "";
        var address = IPEndPoint.TryParse(last, out var forwarded) ? forwarded.Address : request.HttpContext.Connection.RemoteIpAddress;
        return address switch
        {
            { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
            { AddressFamily: AddressFamily.InterNetworkV6 } => new IPNetwork(NetworkOf(address), NetworkBits).ToString(),
            _ => address?.ToString(),
        };
    }

    private static IPAddress NetworkOf(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBits / 8).Clear();
        return new IPAddress(bytes);
    }
}
