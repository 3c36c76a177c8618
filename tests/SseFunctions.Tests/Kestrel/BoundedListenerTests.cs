using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SseFunctions.Kestrel;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Kestrel;

/// <summary>Clients that connect at once take no descriptor of the process until there is room for them.</summary>
public sealed class BoundedListenerTests : IAsyncLifetime
{
    private readonly List<Socket> clients = [];
    private IConnectionListener listener = null!;

    public async Task InitializeAsync()
    {
        var factory = new BoundedListenerFactory(new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), max: 2);
        listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        for (var i = 0; i < 3; i++)
        {
            clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await clients[i].ConnectAsync(listener.EndPoint);
        }
    }

    public async Task DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task Connection_too_many_is_accepted_when_another_is_closed_and_not_before()
    {
        var first = await AcceptAsync();
        await using var second = await AcceptAsync();
        var third = listener.AcceptAsync().AsTask();
        Assert.False(third.IsCompleted);

        await first!.DisposeAsync();
        await first.DisposeAsync(); // gives no more room than it took
        await using var accepted = await third.WaitAsync(SseStream.Timeout);
        var fourth = listener.AcceptAsync().AsTask();

        Assert.NotNull(accepted);
        Assert.False(fourth.IsCompleted);
        await listener.UnbindAsync();
        Assert.Null(await fourth.WaitAsync(SseStream.Timeout));
    }

    [Fact]
    public async Task Listener_that_waits_for_room_can_be_stopped()
    {
        await using var first = await AcceptAsync();
        await using var second = await AcceptAsync();
        var third = listener.AcceptAsync().AsTask();

        await listener.UnbindAsync();

        Assert.Null(await third.WaitAsync(SseStream.Timeout));
    }

    private async Task<ConnectionContext?> AcceptAsync() => await listener.AcceptAsync().AsTask().WaitAsync(SseStream.Timeout);
}
