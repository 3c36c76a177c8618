using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>
/// The load generator's process: one thread that holds any number of clients, which come back as an EventSource does. It gets its commands on
/// standard input, a line a command, and answers each with a line: "open PORT COUNT PATH [LAST-EVENT-ID]", "peek" and "report" (which sorts all
/// latencies), "reset", "close".
/// </summary>
internal static class ClientLoop
{
    private const int BufferBytes = 1024 * 1024;

    public static int Run()
    {
        using var epoll = new Epoll();
        var report = new ClientReport();
        var (clients, away) = (new List<(ClientStream Stream, int Port, Socket? Socket)>(), new PriorityQueue<int, long>());
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
                var received = Epoll.Receive((int)clients[token].Socket!.Handle, buffer);
                if (received > 0)
                    clients[token].Stream.Read(buffer.AsSpan(0, received));

                if (received <= 0 || clients[token].Stream.HasEnded)
                    End(token);
            }

            while (away.TryPeek(out var client, out var due) && due <= Environment.TickCount64)
            {
                away.Dequeue();
                Connect(client);
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
                    report.Newest = clients.Count == 0 ? -1 : clients.Min(client => client.Stream.Newest);
                    report.Over = clients.Count(client => client.Stream.IsOver);
                    report.CpuSeconds = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
                    Console.WriteLine(JsonSerializer.Serialize(words[0] == "report" ? report.Complete() : report));
                    break;
                case "reset":
                    report.Reset();
                    Console.WriteLine("ok");
                    break;
                case "close":
                    foreach (var client in clients)
                        client.Socket?.Dispose();

                    clients.Clear();
                    away.Clear();
                    report.Reset();
                    report.Open = 0;
                    Console.WriteLine("ok");
                    break;
                default:
                    return 0;
            }
        }

        void Open(int port, int number, string path, string? lastEventId)
        {
            for (var i = 0; i < number; i++)
            {
                clients.Add((new ClientStream(path, lastEventId, report), port, null));
                Connect(clients.Count - 1);
            }
        }

        void Connect(int token)
        {
            var (stream, port, _) = clients[token];
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            clients[token] = (stream, port, socket);
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                socket.Send(stream.Connect());
                epoll.Add((int)socket.Handle, token);
            }
            catch (SocketException)
            {
                ComeBack(token); // the server may be starting
            }
        }

        void End(int token)
        {
            var (stream, _, socket) = clients[token];
            epoll.Remove((int)socket!.Handle);
            report.Open -= stream.IsOpen ? 1 : 0;
            report.Ends++;
            if (stream.IsOver)
                socket.Dispose();
            else
                ComeBack(token);
        }

        void ComeBack(int token)
        {
            clients[token].Socket!.Dispose();
            away.Enqueue(token, Environment.TickCount64 + (long)clients[token].Stream.Retry.TotalMilliseconds);
        }
    }
}
