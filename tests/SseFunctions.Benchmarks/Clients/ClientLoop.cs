using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>
/// The load generator's process: one thread that holds any number of connections. It gets its commands on standard input,
/// a line a command, and answers each with a line: "open PORT COUNT PATH [HEADER]", "peek" and "report" (which sorts all latencies), "reset", "close".
/// </summary>
internal static class ClientLoop
{
    private const int BufferBytes = 1024 * 1024;

    public static int Run()
    {
        using var epoll = new Epoll();
        var report = new ClientReport();
        var (sockets, streams) = (new List<Socket>(), new List<ClientStream>());
        var commands = new Queue<string>();
        var reader = new Thread(() =>
        {
            while (Console.In.ReadLine() is { } line)
            {
                lock (commands)
                    commands.Enqueue(line);
            }

            lock (commands)
                commands.Enqueue("quit");
        })
        { IsBackground = true };
        reader.Start();

        var buffer = GC.AllocateArray<byte>(BufferBytes, pinned: true);
        var tokens = new int[256];
        while (true)
        {
            var count = epoll.Wait(tokens, timeoutMs: 10);
            for (var i = 0; i < count; i++)
            {
                var token = tokens[i];
                var received = Epoll.Receive((int)sockets[token].Handle, buffer);
                if (received > 0)
                {
                    streams[token].Read(buffer.AsSpan(0, received));
                }
                else
                {
                    epoll.Remove((int)sockets[token].Handle);
                    report.Open--;
                }
            }

            string? command;
            lock (commands)
                commands.TryDequeue(out command);

            if (command is null)
                continue;

            var words = command.Split(' ', 5);
            switch (words[0])
            {
                case "open":
                    Open(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), words[3], words.ElementAtOrDefault(4));
                    Console.WriteLine("ok");
                    break;
                case "peek" or "report":
                    report.Newest = streams.Count == 0 ? -1 : streams.Min(stream => stream.Newest);
                    report.CpuSeconds = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
                    Console.WriteLine(JsonSerializer.Serialize(words[0] == "report" ? report.Complete() : report));
                    break;
                case "reset":
                    report.Reset();
                    Console.WriteLine("ok");
                    break;
                case "close":
                    foreach (var socket in sockets)
                        socket.Dispose();

                    (sockets, streams) = ([], []);
                    report.Reset();
                    report.Open = 0;
                    Console.WriteLine("ok");
                    break;
                default:
                    return 0;
            }
        }

        void Open(int port, int number, string path, string? header)
        {
            var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{(header is null ? "" : header + "\r\n")}\r\n");
            for (var i = 0; i < number; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(IPAddress.Loopback, port);
                var stream = new ClientStream(report);
                socket.Send(request);
                sockets.Add(socket);
                streams.Add(stream);
                epoll.Add((int)socket.Handle, sockets.Count - 1);
            }
        }
    }
}
