using System.Net;
using System.Net.Sockets;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>A request byte by byte, for what HttpClient would put right or put together.</summary>
internal static class RawRequest
{
    /// <param name="host">Where to send it.</param>
    /// <param name="head">The request line and further headers, a line each.</param>
    /// <param name="body">Sent with its length when there is one.</param>
    /// <returns>The answer as it came, in Latin-1.</returns>
    public static async Task<string> SendAsync(TestHost host, string[] head, byte[]? body = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        var length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{string.Join("\r\n", head)}\r\nHost: localhost\r\nConnection: close\r\n{length}\r\n"));
        await stream.WriteAsync(body);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync().WaitAsync(SseStream.Timeout);
    }

    public static int StatusOf(string answer) => int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture);
}
