using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SseFunctions.Benchmarks.Clients;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>The floor: a loop that sends the same bytes to each socket by send(2), and does nothing else.</summary>
internal static class BareSendLoop
{
    public const string Verb = "bare";

    private static readonly byte[] Header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: open\n\n"u8.ToArray();

    public static int Run(int port)
    {
        var sockets = new ConcurrentDictionary<Socket, bool>();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        new Thread(() =>
        {
            while (true)
            {
                var socket = listener.Accept();
                socket.NoDelay = true;
                socket.Receive(new byte[4096]);
                socket.Send(Header);
                sockets[socket] = true;
            }
        })
        { IsBackground = true }.Start();
        Console.WriteLine("listening");

        for (long number = 1; Console.In.ReadLine() is { } data; number++)
        {
            var frame = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {number}\ndata: {data}\n\n"));
            foreach (var (socket, _) in sockets)
            {
                if (!Epoll.SendAll((int)socket.Handle, frame))
                    sockets.TryRemove(socket, out _);
            }
        }

        return 0;
    }
}
