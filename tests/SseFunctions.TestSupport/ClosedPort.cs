using System.Net;
using System.Net.Sockets;

namespace SseFunctions.TestSupport;

/// <summary>A port on which nothing listens, and which nobody else gets until it is disposed.</summary>
public sealed class ClosedPort : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort() => socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>A storage account at this port.</summary>
    public string ConnectionString => TestStorage.ConnectionStringFor(TestStorage.EndpointOf(((IPEndPoint)socket.LocalEndPoint!).Port));

    public void Dispose() => socket.Dispose();
}
